// Values as they travel; see value.h.
// SPDX-License-Identifier: MIT
#include "conformance/runner/value.h"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <vector>

#include "conformance/runner/text.h"

template class nlohmann::basic_json<>;
template nlohmann::json nlohmann::json::parse(const std::string &,
                                              parser_callback_t, bool, bool);
template nlohmann::json nlohmann::json::parse(std::string &, parser_callback_t,
                                              bool, bool);
template nlohmann::json nlohmann::json::parse(std::string &&, parser_callback_t,
                                              bool, bool);

namespace conformance {

namespace {

constexpr size_t kShownLimit = 600;

bool IsNegative(const Json &value) {
  return value.is_number_integer() && !value.is_number_unsigned() &&
         value.get<int64_t>() < 0;
}

constexpr std::string_view kDigits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// Each sequence of bytes has one text: what is left over of the last digit's
// bits is 0.
bool IsBase64(const std::string &text) {
  size_t end = std::min(text.find_first_not_of(kDigits), text.size());
  std::string padding = text.substr(end);
  if (text.size() % 4 != 0) return false;
  if (padding == "=") return kDigits.find(text[end - 1]) % 4 == 0;
  if (padding == "==") return kDigits.find(text[end - 1]) % 16 == 0;
  return padding.empty();
}

// Of an infinity or of no number: the bits of the exponent are all set.
bool IsBits(const Json &value) {
  const std::string digits = "0123456789abcdef";
  std::string text = value.is_string() ? value.get<std::string>() : "";
  return text.size() == 16 &&
         text.find_first_not_of(digits) == std::string::npos &&
         (text[0] == '7' || text[0] == 'f') && text.substr(1, 2) == "ff";
}

std::string BadObject(const Json &value) {
  if (value.contains("ref")) {
    bool typed = value.size() == 2 && value.contains("type");
    if (value.size() != 1 && !typed) {
      return "a handle has the keys \"ref\" and \"type\" and no other";
    }
    if (!value["ref"].is_string() || (typed && !value["type"].is_string())) {
      return "the name and the type of a handle are texts";
    }
    return "";
  }
  if (value.size() != 1) {
    return "an object has one key: ref, fn, map, b64, fd or double; a "
           "dictionary is {\"map\": {...}}";
  }
  const std::string key = value.begin().key();
  const Json &inner = value.begin().value();
  if (key == "map") {
    if (!inner.is_object()) return "\"map\" holds an object";
    for (const auto &entry : inner) {
      std::string bad = BadValue(entry);
      if (!bad.empty()) return bad;
    }
    return "";
  }
  if (key == "b64") {
    bool good = inner.is_string() && IsBase64(inner.get<std::string>());
    return good ? "" : "\"b64\" holds bytes in base 64";
  }
  if (key == "double") {
    return IsBits(inner) ? ""
                         : "\"double\" holds 16 hexadecimal digits, of what "
                           "is no finite number";
  }
  if (key == "fn" || key == "fd") {
    return inner.is_string() ? "" : "\"" + key + "\" holds a name";
  }
  return "unknown key \"" + key +
         "\": values are ref, fn, map, b64, fd or "
         "double";
}

}  // namespace

std::string BadValue(const Json &value) {
  if (value.is_array()) {
    for (const Json &item : value) {
      std::string bad = BadValue(item);
      if (!bad.empty()) return bad;
    }
    return "";
  }
  if (value.is_object()) return BadObject(value);
  if (value.is_number_float() && !std::isfinite(value.get<double>())) {
    return "a number that is not finite";
  }
  return "";
}

Json BytesValue(const std::string &bytes) {
  std::string text;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    size_t count = std::min<size_t>(bytes.size() - i, 3);
    unsigned bits = 0;
    for (size_t j = 0; j < 3; j++) {
      unsigned char byte = j < count ? bytes[i + j] : 0;
      bits = bits << 8 | byte;
    }
    for (size_t j = 0; j < 4; j++) {
      text += j <= count ? kDigits[bits >> (18 - 6 * j) & 63] : '=';
    }
  }
  return {{"b64", text}};
}

bool IsHandle(const Json &value) {
  return value.is_object() && (value.contains("ref") || value.contains("fd"));
}

bool IsPlain(const Json &value) {
  if (value.is_array()) {
    for (const Json &item : value) {
      if (!IsPlain(item)) return false;
    }
    return true;
  }
  if (!value.is_object()) return true;
  if (value.contains("b64") || value.contains("double")) return true;
  if (!value.contains("map")) return false;
  for (const auto &entry : value["map"]) {
    if (!IsPlain(entry)) return false;
  }
  return true;
}

std::string KindOf(const Json &value) {
  if (value.is_null()) return "null";
  if (value.is_boolean()) return "bool";
  if (value.is_number_integer()) return "int";
  if (value.is_number_float()) return "float";
  if (value.is_string()) return "string";
  if (value.is_array()) return "list";
  if (value.contains("b64")) return "bytes";
  if (value.contains("double")) return "float";
  if (value.contains("map")) return "map";
  if (value.contains("fn")) return "function";
  if (value.contains("fd")) return "fd";
  return value.value("type", "object");
}

bool SameValue(const Json &a, const Json &b) {
  if (IsHandle(a) && IsHandle(b)) {
    return a.value("ref", a.value("fd", "")) ==
           b.value("ref", b.value("fd", ""));
  }
  if (KindOf(a) != KindOf(b)) return false;
  if (a.is_array()) {
    if (a.size() != b.size()) return false;
    for (size_t i = 0; i < a.size(); i++) {
      if (!SameValue(a[i], b[i])) return false;
    }
    return true;
  }
  if (a.is_object() && a.contains("map")) {
    const Json &x = a["map"], &y = b["map"];
    if (x.size() != y.size()) return false;
    for (auto it = x.begin(); it != x.end(); ++it) {
      if (!y.contains(it.key()) || !SameValue(it.value(), y[it.key()])) {
        return false;
      }
    }
    return true;
  }
  // Json compares an unsigned with a negative number by their bits.
  return IsNegative(a) == IsNegative(b) && a == b;
}

bool SameInAnyOrder(const Json &a, const Json &b) {
  if (!a.is_array() || !b.is_array() || a.size() != b.size()) return false;
  std::vector<bool> used(b.size(), false);
  for (const Json &item : a) {
    bool found = false;
    for (size_t i = 0; i < b.size() && !found; i++) {
      if (!used[i] && SameValue(item, b[i])) used[i] = found = true;
    }
    if (!found) return false;
  }
  return true;
}

bool HoldsValue(const Json &whole, const Json &part) {
  if (whole.is_string() && part.is_string()) {
    return whole.get_ref<const std::string &>().find(
               part.get_ref<const std::string &>()) != std::string::npos;
  }
  if (!whole.is_array()) return false;
  for (const Json &item : whole) {
    if (SameValue(item, part)) return true;
  }
  return false;
}

std::string Show(const Json &value) {
  std::string text = value.dump(-1, ' ', false, Json::error_handler_t::replace);
  return Cut(text, kShownLimit);
}

}  // namespace conformance
