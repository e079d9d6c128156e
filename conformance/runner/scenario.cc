// The parser of scenario lines; see scenario.h. Recursive descent over the
// tokens of one line, one function for each thing in the grammar.
// SPDX-License-Identifier: MIT
#include "conformance/runner/scenario.h"

#include <algorithm>
#include <iterator>
#include <map>

#include "conformance/runner/token.h"

namespace conformance {

namespace {

struct RelationName {
  const char *word;
  Relation relation;
};

constexpr RelationName kRelations[] = {
    {"==", Relation::kEqual},       {"!=", Relation::kDiffers},
    {"<=", Relation::kLessOrEqual}, {">=", Relation::kGreaterOrEqual},
    {"<", Relation::kLess},         {">", Relation::kGreater},
    {"in", Relation::kIn},          {"contains", Relation::kContains},
    {"lacks", Relation::kLacks},    {"unordered==", Relation::kUnordered},
    {"is", Relation::kIs},          {"raises", Relation::kRaises},
    {"blocks", Relation::kBlocks},  {"ends", Relation::kEnds},
    {"begins", Relation::kBegins},
};

bool IsWireKey(const std::string &key) {
  return key == "ref" || key == "fn" || key == "map" || key == "b64" ||
         key == "fd" || key == "double";
}

class Parser {
 public:
  explicit Parser(const std::string &text) : tokens_(Tokenize(text)) {
  }

  Step Parse();

 private:
  const Token &Peek(size_t ahead = 0) const {
    size_t i = std::min(at_ + ahead, tokens_.size() - 1);
    return tokens_[i];
  }
  bool SignNext(const char *sign, size_t ahead = 0) const {
    return Peek(ahead).kind == TokenKind::kSign && Peek(ahead).text == sign;
  }
  bool WordNext(const char *word) const {
    return Peek().kind == TokenKind::kWord && Peek().text == word;
  }
  bool TakeSign(const char *sign);
  void ExpectSign(const char *sign);
  std::string ExpectWord(const char *what);
  double ExpectNumber(const char *what);
  [[noreturn]] void Fail(const std::string &what) const;

  Json Value();
  Json List();
  Json Object();
  Json Name();
  void Guard(Step *step);
  void Agent(Step *step);
  void Args(Step *step);
  void Binds(Step *step);
  bool RelationNext() const;
  bool Special(Step *step);
  void Action(Step *step);
  void RelationPart(Step *step);
  void Bounds(Step *step);

  std::vector<Token> tokens_;
  size_t at_ = 0;
};

void Parser::Fail(const std::string &what) const {
  std::string found =
      Peek().kind == TokenKind::kEnd ? "the end" : "'" + Peek().text + "'";
  throw ParseError("column " + std::to_string(Peek().at + 1) + ": " + what +
                   ", found " + found);
}

bool Parser::TakeSign(const char *sign) {
  if (!SignNext(sign)) return false;
  at_++;
  return true;
}

void Parser::ExpectSign(const char *sign) {
  if (!TakeSign(sign)) Fail(std::string("expected '") + sign + "'");
}

std::string Parser::ExpectWord(const char *what) {
  if (Peek().kind != TokenKind::kWord) Fail(std::string("expected ") + what);
  return tokens_[at_++].text;
}

double Parser::ExpectNumber(const char *what) {
  if (Peek().kind != TokenKind::kNumber) {
    Fail(std::string("expected a number of seconds after '") + what + "'");
  }
  return tokens_[at_++].json.get<double>();
}

Json Parser::Name() {
  std::string name = ExpectWord("a value");
  if (name == "true") return true;
  if (name == "false") return false;
  if (name == "null") return nullptr;
  if (name == "fn" && TakeSign(":")) {
    return {{"fn", ExpectWord("the name of a function")}};
  }
  while (TakeSign(".")) name += "." + ExpectWord("a name after '.'");
  return {{"name", name}};
}

Json Parser::List() {
  Json list = Json::array();
  if (TakeSign("]")) return list;
  do {
    list.push_back(Value());
  } while (TakeSign(","));
  ExpectSign("]");
  return list;
}

// A JSON object is a dictionary, unless it is already in the wire's form.
Json Parser::Object() {
  Json object = Json::object();
  if (!TakeSign("}")) {
    do {
      if (Peek().kind != TokenKind::kText) Fail("expected a key in quotes");
      std::string key = tokens_[at_++].json.get<std::string>();
      ExpectSign(":");
      object[key] = Value();
    } while (TakeSign(","));
    ExpectSign("}");
  }
  if (object.size() == 1 && IsWireKey(object.begin().key())) {
    bool nested = object.contains("map") && object["map"].contains("map");
    return nested ? object["map"] : object;
  }
  return {{"map", object}};
}

Json Parser::Value() {
  if (TakeSign("[")) return List();
  if (TakeSign("{")) return Object();
  if (Peek().kind == TokenKind::kText || Peek().kind == TokenKind::kBytes ||
      Peek().kind == TokenKind::kNumber) {
    return tokens_[at_++].json;
  }
  return Name();
}

void Parser::Guard(Step *step) {
  if (!TakeSign("[")) return;
  while (!SignNext("]")) step->guard.push_back(ExpectWord("a method"));
  ExpectSign("]");
  if (step->guard.empty()) Fail("a guard names at least one method");
}

// CONTEXT "(" VALUES, then keywords, ")".
void Parser::Args(Step *step) {
  ExpectSign("(");
  if (TakeSign(")")) return;
  do {
    bool keyword = Peek().kind == TokenKind::kWord && SignNext("=", 1);
    if (keyword) {
      std::string name = ExpectWord("a keyword");
      ExpectSign("=");
      step->named.emplace_back(name, Value());
    } else {
      if (!step->named.empty()) Fail("a value after a keyword");
      step->args.push_back(Value());
    }
  } while (TakeSign(","));
  ExpectSign(")");
}

void Parser::Agent(Step *step) {
  step->kind = StepKind::kAgent;
  at_++;
  step->binds.push_back(ExpectWord("the agent's name"));
  ExpectSign("=");
  step->object = ExpectWord("the name of a context");
  Args(step);
  if (!step->named.empty()) {
    Fail("keywords of an agent come after the parenthesis");
  }
  while (Peek().kind == TokenKind::kWord && SignNext("=", 1)) {
    std::string name = ExpectWord("a keyword");
    ExpectSign("=");
    step->named.emplace_back(name, Value());
  }
}

// NAME "=" or NAME "," NAME "=".
void Parser::Binds(Step *step) {
  size_t ahead = 0;
  while (Peek(ahead).kind == TokenKind::kWord && SignNext(",", ahead + 1)) {
    ahead += 2;
  }
  if (Peek(ahead).kind != TokenKind::kWord || !SignNext("=", ahead + 1)) {
    return;
  }
  do {
    step->binds.push_back(ExpectWord("a name"));
  } while (TakeSign(","));
  ExpectSign("=");
}

bool Parser::RelationNext() const {
  if (Peek().kind == TokenKind::kText) return false;
  return std::any_of(
      std::begin(kRelations), std::end(kRelations),
      [this](const RelationName &entry) { return Peek().text == entry.word; });
}

// The steps without an OBJECT.MEMBER; false if this is none of them.
bool Parser::Special(Step *step) {
  if (WordNext("bye") && !SignNext(".", 1)) {
    at_++;
    step->kind = StepKind::kBye;
  } else if (WordNext("drop") && Peek(1).kind == TokenKind::kWord) {
    at_++;
    step->kind = StepKind::kDrop;
    step->object = Name()["name"].get<std::string>();
  } else if (WordNext("returns")) {
    at_++;
    step->kind = StepKind::kCollect;
    if (RelationNext()) return true;
    step->relation = Relation::kEqual;
    step->want = Value();
  } else if (WordNext("raises") ||
             (WordNext("blocks") && Peek(1).kind == TokenKind::kEnd)) {
    step->kind = StepKind::kCollect;
  } else {
    return false;
  }
  return true;
}

void Parser::Action(Step *step) {
  if (Special(step)) return;
  Binds(step);
  std::vector<std::string> path;
  do {
    path.push_back(ExpectWord("OBJECT.MEMBER"));
  } while (TakeSign("."));
  step->member = path.back();
  path.pop_back();
  for (const std::string &part : path) {
    step->object += (step->object.empty() ? "" : ".") + part;
  }
  bool pseudo = IsPseudoActor(step->actor);
  if (pseudo && !step->object.empty()) Fail("a pseudo-actor has no objects");
  if (!pseudo && step->object.empty()) Fail("expected OBJECT.MEMBER");
  if (SignNext("(")) {
    step->kind = StepKind::kCall;
    Args(step);
  } else if (pseudo) {
    Fail("expected '('");
  } else if (TakeSign(":=")) {
    step->kind = StepKind::kWrite;
    step->value = Value();
  } else {
    step->kind = StepKind::kRead;
  }
}

void Parser::RelationPart(Step *step) {
  for (const RelationName &entry : kRelations) {
    if (Peek().text != entry.word || Peek().kind == TokenKind::kText) continue;
    at_++;
    step->relation = entry.relation;
    if (entry.relation == Relation::kRaises) {
      do {
        step->types.push_back(ExpectWord("the type of an error"));
      } while (Peek().kind == TokenKind::kWord && !WordNext("after") &&
               !WordNext("within"));
    } else if (entry.relation == Relation::kIs) {
      step->types.push_back(ExpectWord("a kind"));
    } else if (entry.relation != Relation::kBlocks &&
               entry.relation != Relation::kEnds) {
      step->want = Value();
    }
    return;
  }
}

void Parser::Bounds(Step *step) {
  while (WordNext("after") || WordNext("within")) {
    bool after = WordNext("after");
    at_++;
    double *bound = after ? &step->after : &step->within;
    if (*bound >= 0) Fail("a bound given twice");
    *bound = ExpectNumber(after ? "after" : "within");
    if (*bound < 0) Fail("a bound is not negative");
  }
}

void CheckSense(const Step &step) {
  bool answerless =
      step.relation == Relation::kBlocks || step.relation == Relation::kEnds;
  if (step.IsPseudo() && (answerless || step.relation == Relation::kRaises)) {
    throw ParseError("a pseudo-actor always answers");
  }
  if (answerless && !step.binds.empty()) {
    throw ParseError("nothing is bound by a step without a reply");
  }
  if (step.relation == Relation::kRaises && !step.binds.empty()) {
    throw ParseError("nothing is bound by a step that raises");
  }
  bool untimed = step.relation == Relation::kBlocks ||
                 step.kind == StepKind::kAgent || step.kind == StepKind::kBye ||
                 step.kind == StepKind::kDrop;
  if (untimed && (step.after >= 0 || step.within >= 0)) {
    throw ParseError("'after' and 'within' have no meaning here");
  }
}

Step Parser::Parse() {
  Step step;
  Guard(&step);
  step.actor = "main";
  bool explicit_actor = false;
  if (Peek().kind == TokenKind::kWord && SignNext(":", 1)) {
    step.actor = ExpectWord("an actor");
    at_++;
    explicit_actor = true;
  }
  if (WordNext("agent") && Peek(1).kind == TokenKind::kWord) {
    Agent(&step);
  } else {
    if (!explicit_actor) Fail("expected 'ACTOR:' or 'agent'");
    Action(&step);
    bool plain = step.kind == StepKind::kBye || step.kind == StepKind::kDrop;
    if (!plain && step.relation == Relation::kNone) RelationPart(&step);
    Bounds(&step);
  }
  if (Peek().kind != TokenKind::kEnd) Fail("expected the end of the step");
  CheckSense(step);
  return step;
}

void Collect(const Json &value, const char *key,
             std::vector<std::string> *out) {
  if (value.is_array()) {
    for (const Json &item : value) Collect(item, key, out);
  } else if (value.is_object()) {
    if (value.size() == 1 && value.contains(key) && value[key].is_string()) {
      out->push_back(value[key].get<std::string>());
    } else if (value.contains("map")) {
      for (const auto &entry : value["map"]) Collect(entry, key, out);
    }
  }
}

}  // namespace

bool Step::IsPseudo() const {
  return IsPseudoActor(actor);
}

bool IsPseudoActor(const std::string &name) {
  return name == "kernel" || name == "file" || name == "output";
}

const char *RelationWord(Relation relation) {
  for (const RelationName &entry : kRelations) {
    if (entry.relation == relation) return entry.word;
  }
  return "";
}

Step ParseStep(const std::string &text, int line) {
  Step step = Parser(text).Parse();
  step.line = line;
  step.text = text;
  return step;
}

void CollectNames(const Json &value, std::vector<std::string> *out) {
  Collect(value, "name", out);
}

void CollectFunctions(const Json &value, std::vector<std::string> *out) {
  Collect(value, "fn", out);
}

}  // namespace conformance
