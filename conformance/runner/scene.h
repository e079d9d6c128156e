// Runs the steps of one scenario against a session: binds and resolves names,
// sends requests, compares replies. Every outcome but "all steps hold" leaves
// as a Stop (verdict.h).
// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <string>
#include <vector>

#include "conformance/runner/scenario.h"
#include "conformance/runner/session.h"

namespace conformance {

class Scene {
 public:
  // `method` and `other` are what $method and $other stand for; "" for a case
  // that has none.
  Scene(Session *session, std::string method, std::string other)
      : session_(session),
        method_(std::move(method)),
        other_(std::move(other)) {
  }

  void Run(const Step &step);

 private:
  using Names = std::map<std::string, Json>;

  std::string Substitute(const std::string &text) const;
  Json Resolve(const Json &value, const std::string &actor) const;
  Json LookUp(const std::string &name, const std::string &actor) const;
  std::string HandleName(const std::string &name,
                         const std::string &actor) const;
  std::string FreshHandle(const std::string &actor, const std::string &name);
  void Bind(const Step &step, const Json &value);

  Actor *ServingActor(const Step &step);
  Json Request(const Step &step);
  Reply Ask(Actor *actor, const Json &request);
  Json AskPlainly(const Step &step, Actor *actor, const Json &request);

  void RunPseudo(const Step &step);
  bool ReachesMain(const Json &pid, bool group) const;
  void RunAgent(const Step &step);
  std::string StartAgent(const Step &step, Actor *creator);
  void ConnectAgent(const std::string &name, const std::string &ref,
                    Actor *creator);
  void RunBye(Actor *actor);
  void RunActor(const Step &step);
  void ExpectBlock(Actor *actor);
  void ExpectEnd(const Step &step, Actor *actor);
  void Judge(const Step &step, Actor *actor, const Reply &reply);
  void ExpectAnswer(const Reply &reply, Actor *actor);

  Session *session_;
  std::string method_;
  std::string other_;
  std::map<std::string, Names> names_;  // by actor
  Names shared_;                        // plain data, whoever bound it
  std::map<std::string, int> handles_;  // names given out, by "actor/name"
};

// True if `got` stands in the step's relation to `want`.
bool Holds(Relation relation, const Json &got, const Json &want,
           const std::vector<std::string> &types);

}  // namespace conformance
