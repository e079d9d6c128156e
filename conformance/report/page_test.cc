// The page as a text: that strangers' texts do not get out of the block of
// data, and that it asks nobody for anything. page_test.py opens it.
// SPDX-License-Identifier: MIT
#include "conformance/report/page.h"

#include <gtest/gtest.h>

#include "conformance/report/sample.h"
#include "conformance/runner/text.h"

namespace conformance::report {

namespace {

constexpr char kBegin[] = "<script type=\"application/json\" id=\"data\">";

std::string PageOf(const Sample &sample) {
  static const Spec spec = SampleSpec();
  return MakePage(MakeMatrix(spec, {sample.Read()}));
}

// The block of data, up to whatever a browser takes for its end.
std::string DataOf(const std::string &page) {
  size_t begin = page.find(kBegin) + sizeof kBegin - 1;
  return page.substr(begin, page.find('<', begin) - begin);
}

size_t Count(const std::string &text, const std::string &needle) {
  size_t count = 0;
  for (size_t at = 0; (at = text.find(needle, at)) != std::string::npos; at++) {
    count++;
  }
  return count;
}

TEST(PageTest, HoldsEveryAnswer) {
  Sample sample(SampleSpec());
  sample.AddAll();
  sample.cases[1].update({{"verdict", "FAIL"}, {"got", "seventeen"}});
  nlohmann::json data = nlohmann::json::parse(DataOf(PageOf(sample)));
  EXPECT_EQ(data["clauses"].size(), 3u);
  EXPECT_EQ(data["clauses"][0][0], "a.each");
  EXPECT_EQ(data["chapters"], nlohmann::json({"First"}));
  ASSERT_EQ(data["runs"].size(), 1u);
  EXPECT_EQ(data["runs"][0]["cells"].size(), 3u);
  // A pass says no more than its verdict; a failure does.
  ASSERT_EQ(data["runs"][0]["answers"].size(), 1u);
  int got = data["runs"][0]["answers"]["0"][0][4];
  EXPECT_EQ(data["strings"][got], "seventeen");
}

TEST(PageTest, HostileTextsStayData) {
  const std::vector<std::string> hostile = {
      "</script><script>alert(1)</script>",
      "<img src=x onerror=alert(1)>",
      "<!--<script>",
      "]]>",
      "{{script}}",
      "\"'`\\",
      "\xe2\x80\xa8\xe2\x80\xa9",
      std::string("\x01\x1b[2J\x7f\0", 7),
      std::string(1 << 16, 'a') + "<b>",
  };
  Sample plain(SampleSpec());
  plain.AddAll();
  const size_t tags = Count(PageOf(plain), "<");
  for (const std::string &text : hostile) {
    Sample sample = plain;
    for (const char *name : {"text", "want", "got", "step", "sentence", "again",
                             "reason", "contested"}) {
      sample.cases[0][name] = text;
    }
    sample.cases[0]["verdict"] = "FAIL";
    sample.Add(text, text, "FAIL");
    for (const char *name : {"date", "host", "kernel", "libc", "runner"}) {
      sample.header[name] = text;
    }
    sample.header["adapter"]["name"] = text;
    sample.header["options"] = {text};
    std::string page = PageOf(sample);
    EXPECT_EQ(Count(page, "<"), tags) << text.substr(0, 80);
    nlohmann::json data = nlohmann::json::parse(DataOf(page));
    EXPECT_EQ(data["runs"][0]["name"], Printable(text));
  }
}

TEST(PageTest, TheMarksOfTheTemplateAreFilled) {
  Sample sample(SampleSpec());
  sample.AddAll();
  std::string page = PageOf(sample);
  EXPECT_EQ(page.find("{{"), std::string::npos);
  EXPECT_EQ(Count(page, "default-src 'none'"), 1u);
  EXPECT_EQ(Count(page, "'sha256-"), 2u);
  // Nothing is named that a browser would fetch.
  EXPECT_EQ(page.find(" src="), std::string::npos);
  EXPECT_EQ(page.find("<link"), std::string::npos);
  EXPECT_EQ(page.find("url("), std::string::npos);
  EXPECT_EQ(page.find("@import"), std::string::npos);
}

}  // namespace

}  // namespace conformance::report
