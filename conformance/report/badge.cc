// A run in a few words; see badge.h.
// SPDX-License-Identifier: MIT
#include "conformance/report/badge.h"

#include "conformance/runner/text.h"
#include "conformance/runner/value.h"

namespace conformance::report {

namespace {

// White on each of these has a contrast of at least 4.5.
const char *ColorOf(Claim claim) {
  switch (claim) {
    case Claim::kConforms: return "#1a7f37";
    case Claim::kFails: return "#c5221f";
    case Claim::kPartial: return "#8a5a00";
    case Claim::kNotClaimed: return "#5f6368";
  }
  return "#5f6368";
}

// UTF-8's continuation bytes are no characters.
int NumCharacters(const std::string &text) {
  int count = 0;
  for (char c : text) count += (c & 0xC0) != 0x80;
  return count;
}

// Verdana of 11 pixels is about this wide; textLength makes it so.
int WidthOf(const std::string &text) {
  return NumCharacters(text) * 13 / 2;
}

std::string XmlText(std::string text) {
  text = ReplaceAll(Printable(text), "&", "&amp;");
  text = ReplaceAll(text, "<", "&lt;");
  text = ReplaceAll(text, ">", "&gt;");
  return ReplaceAll(text, "\"", "&quot;");
}

std::string SvgText(int x, const std::string &text) {
  return "<text x=\"" + std::to_string(x) + "\" y=\"14\" textLength=\"" +
         std::to_string(WidthOf(text)) + "\">" + XmlText(text) + "</text>\n";
}

std::string SvgRect(int x, int width, const std::string &color) {
  return "<rect x=\"" + std::to_string(x) + "\" width=\"" +
         std::to_string(width) + "\" height=\"20\" fill=\"" + color + "\"/>\n";
}

}  // namespace

Badge MakeBadge(const Matrix &matrix, size_t run, const std::string &profile) {
  const Run &one = matrix.runs[run];
  const Standing &standing = matrix.standings[run];
  return {"spec " + one.spec + " " + profile, TellClaim(one, standing, profile),
          ColorOf(Judge(one, standing, profile))};
}

std::string BadgeSvg(const Badge &badge) {
  int left = WidthOf(badge.label) + 12;
  int right = WidthOf(badge.message) + 12;
  std::string all = XmlText(badge.label + ": " + badge.message);
  std::string width = std::to_string(left + right);
  return "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + width +
         "\" height=\"20\" role=\"img\" aria-label=\"" + all + "\">\n<title>" +
         all + "</title>\n<clipPath id=\"r\"><rect width=\"" + width +
         "\" height=\"20\" rx=\"3\"/></clipPath>\n<g clip-path=\"url(#r)\">\n" +
         SvgRect(0, left, "#444c56") + SvgRect(left, right, badge.color) +
         "</g>\n<g fill=\"#fff\" font-family=\"Verdana,DejaVu "
         "Sans,sans-serif\" "
         "font-size=\"11\">\n" +
         SvgText(6, badge.label) + SvgText(left + 6, badge.message) +
         "</g>\n</svg>\n";
}

std::string BadgeJson(const Badge &badge) {
  nlohmann::ordered_json out = {{"schemaVersion", 1},
                                {"label", badge.label},
                                {"message", badge.message},
                                {"color", badge.color}};
  return out.dump() + "\n";
}

}  // namespace conformance::report
