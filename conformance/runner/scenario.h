// One step of a scenario, and the parser of one line of it (SCENARIOS.md is
// the grammar). Parsing is pure: it neither runs anything nor knows which
// operations exist; `lint` judges that.
// SPDX-License-Identifier: MIT
#pragma once

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "conformance/runner/value.h"

namespace conformance {

enum class StepKind {
  kCall,     // a: x.f(1)      kernel: alive(a)
  kRead,     // a: x.f
  kWrite,    // a: x.f := 1
  kDrop,     // a: drop x
  kAgent,    // agent b = c(x)
  kCollect,  // a: returns 1   a: raises OSError
  kBye,      // a: bye
};

enum class Relation {
  kNone,
  kEqual,
  kDiffers,
  kLess,
  kLessOrEqual,
  kGreater,
  kGreaterOrEqual,
  kIn,
  kContains,
  kLacks,
  kBegins,
  kUnordered,
  kIs,
  kRaises,
  kBlocks,
  kEnds,
};

// In the values below, a name bound earlier is {"name": "x"}; all else is in
// the form of the wire. `$method` and its like are still in the texts.
struct Step {
  int line = 0;
  std::string text;
  std::vector<std::string> guard;
  StepKind kind = StepKind::kCall;
  std::string actor;               // of an agent step: its creator
  std::vector<std::string> binds;  // of an agent step: the agent's name
  std::string object;              // empty for a pseudo-actor's call
  std::string member;
  std::vector<Json> args;
  std::vector<std::pair<std::string, Json>> named;
  Json value;  // what kWrite writes
  Relation relation = Relation::kNone;
  Json want;
  std::vector<std::string> types;  // of kRaises and kIs
  double after = -1;
  double within = -1;

  bool IsPseudo() const;
};

class ParseError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

bool IsPseudoActor(const std::string &name);

// The sign or word that stands for the relation, "" for none.
const char *RelationWord(Relation relation);

// Parses one line without its indentation; throws ParseError.
Step ParseStep(const std::string &text, int line);

// Every name that occurs in the value, the dotted ones whole.
void CollectNames(const Json &value, std::vector<std::string> *out);
// Every function named in the value.
void CollectFunctions(const Json &value, std::vector<std::string> *out);

}  // namespace conformance
