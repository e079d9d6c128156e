// Judges the form of a reply, and shows it to people; part of actor.h.
// SPDX-License-Identifier: MIT
#include "conformance/runner/actor.h"
#include "conformance/runner/message.h"
#include "conformance/runner/text.h"
#include "conformance/runner/verdict.h"

namespace conformance {

namespace {

// An error may quote much, but a line of the report must be readable.
constexpr size_t kTextLimit = 1000;

bool IsTypeList(const Json &value) {
  if (!value.is_array()) return false;
  bool exception = false;
  for (const Json &item : value) {
    if (!item.is_string()) return false;
    exception = exception || item == "Exception";
  }
  return exception;
}

int CountAnswers(const Json &message) {
  int count = 0;
  for (const char *key : {"ok", "error", "unsupported"}) {
    if (message.contains(key)) count++;
  }
  return count;
}

}  // namespace

void Actor::JudgeForm(const std::string &line, const Json &message) {
  if (!message.contains("id")) Malformed(line, "the reply has no \"id\"");
  if (!message["id"].is_number_integer() || message["id"] != id_) {
    Malformed(line, "the reply's id is not the request's, which is " +
                        std::to_string(id_));
  }
  if (CountAnswers(message) != 1) {
    Malformed(line,
              "a reply has exactly one of \"ok\", \"error\", \"unsupported\"");
  }
  bool error = message.contains("error");
  if (error && !IsTypeList(message["error"])) {
    Malformed(line, "\"error\" is a list of type names with Exception");
  }
  if (error && !(message.contains("text") && message["text"].is_string())) {
    Malformed(line, "an error has a \"text\"");
  }
  if (message.contains("unsupported") && !message["unsupported"].is_string()) {
    Malformed(line, "\"unsupported\" holds a name");
  }
  if (mute_ && message.contains("ok") && !message["ok"].is_null()) {
    Malformed(line, "write and drop are answered with null");
  }
  if (message.size() > (error ? 3 : 2)) {
    Malformed(line, "a reply has its id, its answer and no other key");
  }
}

Reply Actor::ParseReply(const std::string &line) {
  std::string problem;
  Json message = ReadMessage(line, &problem);
  if (!problem.empty()) Malformed(line, problem);
  JudgeForm(line, message);
  Reply reply;
  if (message.contains("ok")) {
    reply.kind = Reply::Kind::kOk;
    reply.value = message["ok"];
  } else if (message.contains("error")) {
    reply.kind = Reply::Kind::kError;
    reply.types = message["error"].get<std::vector<std::string>>();
    reply.text = message["text"].get<std::string>();
  } else {
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
    case Kind::kOk: return Show(value);
    case Kind::kError:
      return Cut(types[0], kTextLimit) +
             (text.empty() ? "" : " (" + Cut(text, kTextLimit) + ")");
    case Kind::kUnsupported: return "unsupported " + Cut(text, kTextLimit);
    case Kind::kEnded: return "the connection closed";
    case Kind::kLate: return "no reply";
  }
  return "?";
}

}  // namespace conformance
