// Reads the chapters of the spec; see spec.h. One pass over the lines, with
// the clause that is being read as the only state.
// SPDX-License-Identifier: MIT
#include "conformance/runner/spec.h"

#include <dirent.h>

#include <algorithm>

#include "conformance/runner/text.h"

namespace conformance {

namespace {

// What the next line of a clause may be.
enum class Part { kOutside, kMeta, kSentence, kSource, kSteps };

class ChapterReader {
 public:
  ChapterReader(const std::string &file, Spec *spec)
      : file_(file), spec_(spec) {
    size_t slash = file.rfind('/');
    chapter_ = slash == std::string::npos ? file : file.substr(slash + 1);
    if (EndsWith(chapter_, ".md")) chapter_.resize(chapter_.size() - 3);
  }

  void Line(const std::string &line, int number);
  void Finish();

 private:
  void Body(const std::string &line);
  void Complain(const std::string &text);
  void Start(const std::string &id);
  void Meta(const std::string &line);
  void Prose(const std::string &line);
  void StepLine(const std::string &line);

  std::string file_;
  std::string chapter_;
  Spec *spec_;
  Part part_ = Part::kOutside;
  Clause clause_;
  int line_ = 0;
  bool fenced_ = false;
};

void ChapterReader::Complain(const std::string &text) {
  std::string where = clause_.id.empty() ? "" : clause_.id + ": ";
  spec_->problems.push_back({{file_, line_}, where + text});
}

void ChapterReader::Start(const std::string &id) {
  Finish();
  clause_ = Clause();
  clause_.id = id;
  clause_.place = {file_, line_};
  clause_.chapter = chapter_;
  part_ = Part::kMeta;
}

void ChapterReader::Finish() {
  if (part_ == Part::kMeta) Complain("the line of metadata is missing");
  if (part_ != Part::kOutside) spec_->clauses.push_back(clause_);
  part_ = Part::kOutside;
}

// MUST · profile · feature · methods [needs METHODS] · since 1.0
// [· provisional]
void ChapterReader::Meta(const std::string &line) {
  std::vector<std::string> fields = SplitAt(ReplaceAll(line, "·", "\x01"), 1);
  for (std::string &field : fields) field = Trim(field);
  part_ = Part::kSentence;
  bool provisional = fields.size() == 6 && fields[5] == "provisional";
  bool shaped =
      (fields.size() == 5 || provisional) && StartsWith(fields[4], "since ");
  if (!shaped) {
    Complain(
        "the metadata is not 'MUST · profile · feature · methods · since "
        "VERSION [· provisional]': " +
        line);
    return;
  }
  clause_.level = fields[0];
  clause_.profile = fields[1];
  clause_.feature = fields[2];
  clause_.methods = SplitWords(fields[3]);
  auto needs =
      std::find(clause_.methods.begin(), clause_.methods.end(), "needs");
  if (needs != clause_.methods.end()) {
    clause_.needs.assign(needs + 1, clause_.methods.end());
    clause_.methods.erase(needs, clause_.methods.end());
  }
  clause_.since = Trim(fields[4].substr(6));
  clause_.provisional = provisional;
}

void ChapterReader::Prose(const std::string &line) {
  if (StartsWith(line, "Source:")) {
    clause_.source = Trim(line.substr(7));
    part_ = Part::kSource;
  } else if (StartsWith(line, "Contested:")) {
    clause_.contested = Trim(line.substr(10));
    if (!StartsWith(clause_.contested, "https://")) {
      Complain("'Contested:' takes a link, not: " + clause_.contested);
    }
    part_ = Part::kSteps;
  } else if (StartsWith(line, "untested:")) {
    clause_.untested = Trim(line.substr(9));
    if (clause_.untested.empty()) Complain("'untested:' gives no reason");
    part_ = Part::kSteps;
  } else if (part_ == Part::kSentence) {
    clause_.sentence += (clause_.sentence.empty() ? "" : " ") + line;
  } else if (part_ == Part::kSource) {
    clause_.source += " " + line;
  } else if (!clause_.untested.empty() && clause_.steps.empty()) {
    clause_.untested += " " + line;
  } else {
    Complain("prose after the scenario belongs under a heading of its own: " +
             line);
  }
}

void ChapterReader::StepLine(const std::string &line) {
  std::string text = Trim(line);
  if (text.empty() || text[0] == '#') return;
  if (StartsWith(text, "untested:")) {
    Prose(text);
    return;
  }
  part_ = Part::kSteps;
  try {
    clause_.steps.push_back(ParseStep(text, line_));
  } catch (const ParseError &error) {
    Complain(std::string(error.what()) + ", in: " + text);
  }
}

void ChapterReader::Line(const std::string &line, int number) {
  line_ = number;
  // Between fences a chapter shows things that are not clauses.
  if (StartsWith(line, "```")) fenced_ = !fenced_;
  if (fenced_ || StartsWith(line, "```")) return;
  if (StartsWith(line, "# ")) spec_->titles[chapter_] = Trim(line.substr(2));
  if (StartsWith(line, "### ")) {
    Start(Trim(line.substr(4)));
  } else if (StartsWith(line, "# ") || StartsWith(line, "## ")) {
    Finish();
    clause_ = Clause();
  }
  clause_.text += line + "\n";
  if (!StartsWith(line, "#")) Body(line);
}

void ChapterReader::Body(const std::string &line) {
  if (part_ == Part::kOutside || Trim(line).empty()) {
    if (part_ == Part::kSource) part_ = Part::kSteps;
  } else if (part_ == Part::kMeta) {
    Meta(Trim(line));
  } else if (StartsWith(line, "    ")) {
    StepLine(line);
  } else {
    Prose(Trim(line));
  }
}

std::vector<std::string> ListFolder(const std::string &folder) {
  std::vector<std::string> names;
  DIR *dir = opendir(folder.c_str());
  if (dir == nullptr) return names;
  while (const dirent *entry = readdir(dir)) names.push_back(entry->d_name);
  closedir(dir);
  std::sort(names.begin(), names.end());
  return names;
}

void ReadFeatures(const std::string &file, const std::string &text,
                  Spec *spec) {
  int number = 0;
  for (const std::string &line : SplitLines(text)) {
    number++;
    std::vector<std::string> words = SplitWords(line);
    if (words.empty() || words[0][0] == '#') continue;
    if (words.size() < 3) {
      spec->problems.push_back(
          {{file, number}, "not 'feature profile sentence': " + line});
      continue;
    }
    Feature feature{words[0], words[1], "", {file, number}};
    words.erase(words.begin(), words.begin() + 2);
    feature.sentence = Join(words, " ");
    spec->features.push_back(feature);
  }
}

void ReadApi(const std::string &file, const std::string &text, Spec *spec) {
  int number = 0;
  for (const std::string &line : SplitLines(text)) {
    number++;
    std::vector<std::string> words = SplitWords(line.substr(0, line.find('#')));
    if (words.empty()) continue;
    bool later = words.size() == 2 && words[1] == "later";
    if (words.size() > 1 && !later) {
      spec->problems.push_back(
          {{file, number}, "not 'name' or 'name later': " + line});
      continue;
    }
    spec->api[words[0]] = later;
    spec->api_places[words[0]] = {file, number};
  }
}

}  // namespace

bool Clause::Once() const {
  return methods.size() == 1 && methods[0] == "once";
}

bool Clause::UsesOther() const {
  for (const Step &step : steps) {
    if (step.text.find("$other") != std::string::npos) return true;
  }
  return false;
}

const Clause *Spec::Find(const std::string &id) const {
  for (const Clause &clause : clauses) {
    if (clause.id == id) return &clause;
  }
  return nullptr;
}

bool Spec::HasFeature(const std::string &name) const {
  for (const Feature &feature : features) {
    if (feature.name == name) return true;
  }
  return false;
}

void ReadChapter(const std::string &file, const std::string &text, Spec *spec) {
  ChapterReader reader(file, spec);
  int number = 0;
  for (const std::string &line : SplitLines(text)) {
    reader.Line(line, ++number);
  }
  reader.Finish();
}

bool ReadSpecFolder(const std::string &path, Spec *spec) {
  std::string folder = path;
  // Build tools that know files but no folders give the VERSION file.
  if (EndsWith(folder, "/VERSION")) folder.resize(folder.size() - 8);
  bool found = false;
  for (const std::string &name : ListFolder(folder)) {
    std::string file = folder + "/" + name;
    if (!EndsWith(name, ".md") && name != "VERSION" && name != "RETIRED" &&
        name != "features.txt" && name != "api.txt") {
      continue;
    }
    std::optional<std::string> text = ReadFile(file);
    if (!text) {
      spec->problems.push_back({{file, 0}, "cannot be read"});
    } else if (EndsWith(name, ".md")) {
      ReadChapter(file, *text, spec);
      found = true;
    } else if (name == "VERSION") {
      spec->version = Trim(*text);
    } else if (name == "RETIRED") {
      for (const std::string &line : SplitLines(*text)) {
        std::vector<std::string> words = SplitWords(line);
        if (!words.empty() && words[0][0] != '#') {
          spec->retired.push_back(words[0]);
        }
      }
    } else if (name == "features.txt") {
      ReadFeatures(file, *text, spec);
    } else {
      ReadApi(file, *text, spec);
    }
  }
  return found;
}

}  // namespace conformance
