// The relations between what was got and what is wanted; part of scene.h.
// SPDX-License-Identifier: MIT
#include "conformance/runner/scene.h"
#include "conformance/runner/text.h"

namespace conformance {

namespace {

bool InOrder(Relation relation, const Json &got, const Json &want) {
  if (!got.is_number() || !want.is_number()) return false;
  // Wide enough for each integer of 64 bits.
  long double a = got.get<long double>(), b = want.get<long double>();
  switch (relation) {
    case Relation::kLess: return a < b;
    case Relation::kLessOrEqual: return a <= b;
    case Relation::kGreater: return a > b;
    default: return a >= b;
  }
}

// Another value of the kind, or another handle: null proves nothing.
bool Differs(const Json &got, const Json &want) {
  bool alike = KindOf(got) == KindOf(want) || (IsHandle(got) && IsHandle(want));
  return alike && !SameValue(got, want);
}

bool Lacks(const Json &whole, const Json &part) {
  bool texts = whole.is_string() && part.is_string();
  return (texts || whole.is_array()) && !HoldsValue(whole, part);
}

bool Begins(const Json &whole, const Json &part) {
  if (whole.is_string() && part.is_string()) {
    return StartsWith(whole.get<std::string>(), part.get<std::string>());
  }
  return whole.is_array() && !whole.empty() && SameValue(whole[0], part);
}

}  // namespace

bool Holds(Relation relation, const Json &got, const Json &want,
           const std::vector<std::string> &types) {
  switch (relation) {
    case Relation::kNone: return true;
    case Relation::kEqual: return SameValue(got, want);
    case Relation::kDiffers: return Differs(got, want);
    case Relation::kIn: return HoldsValue(want, got);
    case Relation::kContains: return HoldsValue(got, want);
    case Relation::kLacks: return Lacks(got, want);
    case Relation::kBegins: return Begins(got, want);
    case Relation::kUnordered: return SameInAnyOrder(got, want);
    case Relation::kIs: return KindOf(got) == types[0];
    case Relation::kLess:
    case Relation::kLessOrEqual:
    case Relation::kGreater:
    case Relation::kGreaterOrEqual: return InOrder(relation, got, want);
    case Relation::kRaises:
    case Relation::kBlocks:
    case Relation::kEnds: return false;
  }
  return false;
}

}  // namespace conformance
