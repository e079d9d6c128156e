// One line as JSON; see message.h.
// SPDX-License-Identifier: MIT
#include "conformance/runner/message.h"

#include <set>
#include <stdexcept>
#include <vector>

#include "conformance/runner/text.h"

namespace conformance {

namespace {

using Event = Json::parse_event_t;

struct Refused : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Listens to the parser, which itself does not recurse. It throws, because the
// parser goes on to the end of the line whatever it is answered.
class KeyWatch {
 public:
  bool Hear(int depth, Event event, const Json &part) {
    bool opens = event == Event::object_start || event == Event::array_start;
    if (opens && depth >= kMessageDepth) {
      throw Refused("nested more than " + std::to_string(kMessageDepth) +
                    " deep");
    }
    if (event == Event::object_start) keys_.emplace_back();
    if (event == Event::object_end) keys_.pop_back();
    if (event == Event::key && !keys_.back().insert(part).second) {
      throw Refused("the key " + part.dump() + " is there twice");
    }
    return true;
  }

 private:
  std::vector<std::set<std::string>> keys_;  // of the objects that are open
};

}  // namespace

Json ReadMessage(const std::string &line, std::string *problem) {
  // The parser would pass over one.
  if (StartsWith(line, "\xef\xbb\xbf")) {
    *problem = "a byte-order mark is not part of a message";
    return Json();
  }
  // The parser would take it for the end, and pass over what follows.
  if (line.find('\0') != std::string::npos) {
    *problem = "a NUL is not part of a message";
    return Json();
  }
  KeyWatch watch;
  auto hear = [&](int depth, Event event, Json &part) {
    return watch.Hear(depth, event, part);
  };
  Json message;
  try {
    message = Json::parse(line, hear);
  } catch (const Refused &refused) {
    *problem = refused.what();
    return Json();
  } catch (const Json::out_of_range &) {
    *problem = "a number is beyond those of double precision";
    return Json();
  } catch (const Json::exception &) {
    *problem = "not JSON in UTF-8";
    return Json();
  }
  if (!message.is_object()) {
    *problem = "a message is a JSON object";
  }
  return message;
}

}  // namespace conformance
