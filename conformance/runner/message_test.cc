// Lines of an adapter as messages, and texts of an adapter as people see them.
// SPDX-License-Identifier: MIT
#include "conformance/runner/message.h"

#include <gtest/gtest.h>

#include "conformance/runner/text.h"

namespace conformance {

namespace {

std::string ProblemOf(const std::string &line) {
  std::string problem;
  ReadMessage(line, &problem);
  return problem;
}

std::string Nested(const char *open, const char *close, int depth) {
  std::string line = "{\"ok\":";
  for (int i = 0; i < depth; i++) line += open;
  line += "1";
  for (int i = 0; i < depth; i++) line += close;
  return line + "}";
}

TEST(MessageTest, AnObjectIsOne) {
  std::string problem;
  Json message = ReadMessage(R"({"id":1,"ok":[{"a":1},{"a":1}]})", &problem);
  EXPECT_EQ(problem, "");
  EXPECT_EQ(message.dump(), R"({"id":1,"ok":[{"a":1},{"a":1}]})");
}

TEST(MessageTest, OthersAreRefusedByTheirFault) {
  const struct {
    std::string line;
    const char *problem;
  } bad[] = {
      {"", "not JSON in UTF-8"},
      {"{\"a\":1} x", "not JSON in UTF-8"},
      {"{\"a\":\"\xc0\x8a\"}", "not JSON in UTF-8"},
      {"{\"a\":1e999}", "a number is beyond those of double precision"},
      {"{\"a\":NaN}", "not JSON in UTF-8"},
      {"[1]", "a message is a JSON object"},
      {"null", "a message is a JSON object"},
      {"\xef\xbb\xbf{}", "a byte-order mark is not part of a message"},
      {std::string("{}\0 and more", 12), "a NUL is not part of a message"},
      {R"({"a":1,"a":1})", "the key \"a\" is there twice"},
      {R"({"a":1,"\u0061":1})", "the key \"a\" is there twice"},
      {R"({"o":[0,{"b":1,"c":[],"b":2}]})", "the key \"b\" is there twice"},
  };
  for (const auto &one : bad) {
    EXPECT_EQ(ProblemOf(one.line), one.problem) << one.line;
  }
}

TEST(MessageTest, NestingHasALimit) {
  int most = kMessageDepth - 1;
  EXPECT_EQ(ProblemOf(Nested("[", "]", most)), "");
  EXPECT_EQ(ProblemOf(Nested("{\"a\":", "}", most)), "");
  for (int depth : {most + 1, 50000, 500000}) {
    std::string says = "nested more than 64 deep";
    EXPECT_EQ(ProblemOf(Nested("[", "]", depth)), says);
    EXPECT_EQ(ProblemOf(Nested("{\"a\":", "}", depth)), says);
    EXPECT_EQ(ProblemOf("{\"a\":" + std::string(depth, '[')), says);
  }
}

TEST(PrintableTest, OrdinaryTextStays) {
  for (const char *text : {"", "a \\n \"b\"", "zwölf – ∀ 😀"}) {
    EXPECT_EQ(Printable(text), text);
  }
}

TEST(PrintableTest, WhatActsOnATerminalOrAReaderIsWritten) {
  EXPECT_EQ(Printable("\n[  PASSED  ]\r\t"), "\\n[  PASSED  ]\\x0d\\t");
  EXPECT_EQ(Printable(std::string("a\0\x1b[2J\x7f", 7)), "a\\x00\\x1b[2J\\x7f");
  // U+009B begins a terminal's command as ESC [ does.
  EXPECT_EQ(Printable("\xc2\x9b"
                      "2J"),
            "\\x9b2J");
  EXPECT_EQ(Printable("\u202egnp.exe\u2028"), "\\u202egnp.exe\\u2028");
  EXPECT_EQ(Printable("\xef\xbf\xbf"), "\\uffff");
}

TEST(PrintableTest, BytesThatAreNoTextAreWritten) {
  EXPECT_EQ(Printable("\xff"
                      "a\xc3"),
            "\\xffa\\xc3");
  EXPECT_EQ(Printable("\xc0\x8a"), "\\xc0\\x8a");           // a long newline
  EXPECT_EQ(Printable("\xe0\x82\x9b"), "\\xe0\\x82\\x9b");  // likewise
  EXPECT_EQ(Printable("\xed\xa0\x80"), "\\xed\\xa0\\x80");  // half a pair
  EXPECT_EQ(Printable("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");
}

}  // namespace

}  // namespace conformance
