// The spec as data: reads its chapters (Markdown) into clauses that remember
// their file and line. A reader, not a judge: whatever it cannot read becomes
// a problem with a place, and `lint` says what else is wrong.
// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <string>
#include <vector>

#include "conformance/runner/scenario.h"

namespace conformance {

struct Place {
  std::string file;
  int line = 0;
};

struct Problem {
  Place place;
  std::string text;
};

struct Clause {
  std::string id;
  Place place;
  std::string text;     // all of its lines, from its heading to the next
  std::string chapter;  // the file's name without its folder and ending
  std::string level;    // MUST, SHOULD or MAY
  std::string profile;
  std::string feature;
  std::vector<std::string> methods;  // {"each"}, {"once"} or names
  std::vector<std::string> needs;    // start methods that it uses besides
  std::string since;
  bool provisional = false;
  std::string sentence;
  std::string source;
  std::string contested;  // a link, where implementers disagree
  std::string untested;   // the reason
  std::vector<Step> steps;

  bool Once() const;
  bool UsesOther() const;  // mentions $other
};

struct Feature {
  std::string name;
  std::string profile;
  std::string sentence;
  Place place;
};

struct Spec {
  std::string version;
  std::vector<Clause> clauses;
  std::vector<Feature> features;
  std::map<std::string, std::string> titles;  // of chapters
  std::vector<std::string> retired;
  std::map<std::string, bool> api;  // name -> comes with a later chapter
  std::map<std::string, Place> api_places;
  std::vector<Problem> problems;  // of reading; empty for a good spec

  const Clause *Find(const std::string &id) const;
  bool HasFeature(const std::string &name) const;
};

// Reads one chapter into `spec`.
void ReadChapter(const std::string &file, const std::string &text, Spec *spec);

// Reads every *.md file of the folder in the order of their names, and, where
// they exist, VERSION, RETIRED, features.txt and api.txt. May be called for
// several folders; instead of the folder, its VERSION file can be named. False
// if the folder cannot be read or holds no chapter.
bool ReadSpecFolder(const std::string &path, Spec *spec);

}  // namespace conformance
