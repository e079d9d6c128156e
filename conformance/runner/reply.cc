// Judges the form of a reply, and shows it to people; part of actor.h.
// SPDX-License-Identifier: MIT
#include "conformance/runner/actor.h"
#include "conformance/runner/text.h"
#include "conformance/runner/verdict.h"

namespace conformance {

namespace {

bool IsTypeList(const Json &value) {
  if (!value.is_array() || value.empty()) return false;
  for (const Json &item : value) {
    if (!item.is_string()) return false;
  }
  return true;
}

int CountAnswers(const Json &message) {
  int count = 0;
  for (const char *key : {"ok", "error", "unsupported"}) {
    if (message.contains(key)) count++;
  }
  return count;
}

}  // namespace

Reply Actor::ParseReply(const std::string &line) {
  Json message = Json::parse(line, nullptr, false);
  if (message.is_discarded()) Malformed(line, "not JSON in UTF-8");
  if (!message.is_object()) Malformed(line, "a message is a JSON object");
  if (!message.contains("id")) Malformed(line, "the reply has no \"id\"");
  if (!message["id"].is_number_integer() || message["id"] != id_) {
    Malformed(line, "the reply's id is not the request's, which is " +
                        std::to_string(id_));
  }
  if (CountAnswers(message) != 1) {
    Malformed(line,
              "a reply has exactly one of \"ok\", \"error\", \"unsupported\"");
  }
  Reply reply;
  if (message.contains("ok")) {
    reply.kind = Reply::Kind::kOk;
    reply.value = message["ok"];
  } else if (message.contains("error")) {
    if (!IsTypeList(message["error"])) {
      Malformed(line, "\"error\" is a list of type names, not empty");
    }
    reply.kind = Reply::Kind::kError;
    reply.types = message["error"].get<std::vector<std::string>>();
    if (message.contains("text") && message["text"].is_string()) {
      reply.text = message["text"].get<std::string>();
    }
  } else {
    if (!message["unsupported"].is_string()) {
      Malformed(line, "\"unsupported\" holds a name");
    }
    reply.kind = Reply::Kind::kUnsupported;
    reply.text = message["unsupported"].get<std::string>();
  }
  return reply;
}

bool Reply::HasType(const std::string &type) const {
  return Contains(types, type);
}

std::string Reply::Describe() const {
  switch (kind) {
    case Kind::kOk:
      return Show(value);
    case Kind::kError:
      return types[0] + (text.empty() ? "" : " (" + text + ")");
    case Kind::kUnsupported:
      return "unsupported " + text;
    case Kind::kEnded:
      return "the connection closed";
    case Kind::kLate:
      return "no reply";
  }
  return "?";
}

}  // namespace conformance
