// What the names in a scenario stand for; part of scene.h.
// SPDX-License-Identifier: MIT
#include "conformance/runner/scene.h"
#include "conformance/runner/text.h"
#include "conformance/runner/verdict.h"

namespace conformance {

namespace {

// As it is sent: a descriptor says that it is one, so that it can travel.
Json AsArgument(const Json &value) {
  if (!value.is_object() || !value.contains("ref")) return value;
  std::string key = value.value("type", "") == "fd" ? "fd" : "ref";
  return {{key, value["ref"]}};
}

}  // namespace

std::string Scene::Substitute(const std::string &text) const {
  if (text.find('$') == std::string::npos) return text;
  std::string out = ReplaceAll(text, "$method", method_);
  out = ReplaceAll(out, "$other", other_);
  return ReplaceAll(out, "$tmp", session_->GetFolder().Tmp());
}

Json Scene::LookUp(const std::string &name, const std::string &actor) const {
  if (IsPseudoActor(actor)) {
    // An actor's name stands for its process.
    Actor *found = session_->Find(name);
    if (found != nullptr) return found->Pid();
  }
  if (name == "mp" || name == "os") return {{"ref", name}};
  auto scope = names_.find(actor);
  if (scope != names_.end()) {
    auto it = scope->second.find(name);
    if (it != scope->second.end()) return AsArgument(it->second);
  }
  auto it = shared_.find(name);
  if (it != shared_.end()) return it->second;
  StopUnresolved("the name " + name + " is not bound in " + actor);
}

Json Scene::Resolve(const Json &value, const std::string &actor) const {
  if (value.is_string()) return Substitute(value.get<std::string>());
  if (value.is_array()) {
    Json list = Json::array();
    for (const Json &item : value) list.push_back(Resolve(item, actor));
    return list;
  }
  if (!value.is_object()) return value;
  if (value.contains("name")) {
    return LookUp(value["name"].get<std::string>(), actor);
  }
  if (!value.contains("map")) return value;
  Json map = Json::object();
  for (auto it = value["map"].begin(); it != value["map"].end(); ++it) {
    map[Substitute(it.key())] = Resolve(it.value(), actor);
  }
  return {{"map", map}};
}

std::string Scene::HandleName(const std::string &name,
                              const std::string &actor) const {
  Json value = LookUp(name, actor);
  if (!IsHandle(value)) {
    // The implementation answered this where a scenario goes on with an object.
    StopFail(Way::kValue,
             "want an object for " + name + ", got " + Show(value));
  }
  return value.value("ref", value.value("fd", ""));
}

// A handle's name is never used for two objects: the actor may know the first
// by it still.
std::string Scene::FreshHandle(const std::string &actor,
                               const std::string &name) {
  int count = ++handles_[actor + "/" + name];
  return count == 1 ? name : name + "~" + std::to_string(count);
}

void Scene::Bind(const Step &step, const Json &value) {
  if (step.binds.empty()) return;
  bool several = step.binds.size() > 1;
  if (several && (!value.is_array() || value.size() != step.binds.size())) {
    StopFail(Way::kValue, "want a list of " +
                              std::to_string(step.binds.size()) + ", got " +
                              Show(value));
  }
  for (size_t i = 0; i < step.binds.size(); i++) {
    Json one = several ? value[i] : value;
    // The ends of a pipe need not say their type.
    if (step.object == "os" && one.is_object() && one.contains("ref") &&
        !one.contains("type")) {
      one["type"] = "fd";
    }
    names_[step.actor][step.binds[i]] = one;
    if (IsPlain(one)) shared_[step.binds[i]] = one;
  }
}

}  // namespace conformance
