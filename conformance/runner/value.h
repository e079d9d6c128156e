// Values as they travel: JSON, with every non-plain thing an object of one
// key (`ref`, `fn`, `map`, `b64`, `fd`; see PROTOCOL.md). Says what is well
// formed, what equals what, and how a value is shown to people. No I/O.
// SPDX-License-Identifier: MIT
#pragma once

#include <nlohmann/json.hpp>
#include <string>

// Each file that needs it would compile the whole of it: value.cc does.
extern template class nlohmann::basic_json<>;
extern template nlohmann::json nlohmann::json::parse(const std::string &,
                                                     parser_callback_t, bool,
                                                     bool);
extern template nlohmann::json nlohmann::json::parse(std::string &,
                                                     parser_callback_t, bool,
                                                     bool);
extern template nlohmann::json nlohmann::json::parse(std::string &&,
                                                     parser_callback_t, bool,
                                                     bool);

namespace conformance {

using Json = nlohmann::json;

// An empty text if `value` may appear in a reply, else what is wrong with it.
std::string BadValue(const Json &value);

// Bytes as they travel.
Json BytesValue(const std::string &bytes);

// True for null, booleans, numbers, texts, bytes, and lists and dictionaries
// of these: what means the same in every process. A handle is not plain.
bool IsPlain(const Json &value);
bool IsHandle(const Json &value);

// "int", "float", "bool", "string", "bytes", "list", "map", "null",
// "function", or the type that the actor gave to the handle.
std::string KindOf(const Json &value);

// Equal and of the same kind: 1, 1.0 and true are three different values. Two
// handles are equal when they have the same name.
bool SameValue(const Json &a, const Json &b);
bool SameInAnyOrder(const Json &a, const Json &b);

// Membership in a list, or a substring. False for anything else.
bool HoldsValue(const Json &whole, const Json &part);

// Bytes below and above what a terminal line can take are cut in the middle.
std::string Show(const Json &value);

}  // namespace conformance
