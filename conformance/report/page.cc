// The results as one HTML page; see page.h. The form of the data is described
// where the page's script reads it, at the top of page.js.inc.
// SPDX-License-Identifier: MIT
#include "conformance/report/page.h"

#include <map>
#include <vector>

#include "conformance/runner/sha256.h"
#include "conformance/runner/text.h"
#include "conformance/runner/value.h"

namespace conformance::report {

namespace {

const char kHtml[] =
#include "conformance/report/page.html.inc"
    ;
const char kStyle[] =
#include "conformance/report/page.css.inc"
    ;
const char kScript[] =
#include "conformance/report/page.js.inc"
    ;

constexpr int kNotRun = static_cast<int>(Verdict::kXpass) + 1;

// Texts by number: what repeats costs a few digits. The empty text is 0.
class Strings {
 public:
  Strings() {
    Index("");
  }
  int Index(const std::string &text) {
    auto added = index_.insert({text, static_cast<int>(list_.size())});
    if (added.second) list_.push_back(text);
    return added.first->second;
  }
  const std::vector<std::string> &List() const {
    return list_;
  }

 private:
  std::map<std::string, int> index_;
  std::vector<std::string> list_;
};

// The command that runs a case again differs from that of another case only by
// the case's name: what stands before and after it.
struct Again {
  std::string before;
  std::string after;

  std::string Of(const std::string &id) const {
    return before + id + after;
  }
};

Again AgainOf(const Run &run) {
  for (const Answer &answer : run.answers) {
    size_t at = answer.again.rfind(answer.Id());
    if (at == std::string::npos) continue;
    return {answer.again.substr(0, at),
            answer.again.substr(at + answer.Id().size())};
  }
  return {};
}

class Encoder {
 public:
  explicit Encoder(const Matrix &matrix) : matrix_(matrix) {
    patterns_.push_back(Json::array());
    pattern_index_["[]"] = 0;
  }

  Json Encode(bool compare) {
    Json clauses = Json::array();
    for (const Row &row : matrix_.rows) clauses.push_back(EncodeClause(row));
    Json runs = Json::array();
    for (size_t i = 0; i < matrix_.runs.size(); i++) {
      runs.push_back(EncodeRun(i));
    }
    return {{"spec", matrix_.spec->version},
            {"chapters", chapters_},
            {"clauses", clauses},
            {"runs", runs},
            {"patterns", patterns_},
            {"compare", compare},
            {"strings", strings_.List()}};
  }

 private:
  // Chapters are numbered in the order of their clauses.
  int ChapterOf(const Row &row) {
    std::string title = row.in_spec ? TitleOf(row.clause.chapter)
                        : StartsWith(row.clause.id, "hello.feature.")
                            ? "What hello lists"
                            : "Clauses of other specs";
    for (size_t i = 0; i < chapters_.size(); i++) {
      if (chapters_[i] == title) return static_cast<int>(i);
    }
    chapters_.push_back(title);
    return static_cast<int>(chapters_.size()) - 1;
  }

  std::string TitleOf(const std::string &chapter) const {
    auto it = matrix_.spec->titles.find(chapter);
    return it == matrix_.spec->titles.end() ? chapter : it->second;
  }

  Json EncodeClause(const Row &row) {
    const Clause &clause = row.clause;
    Json steps = Json::array();
    for (const Step &step : clause.steps) {
      steps.push_back(strings_.Index(step.text));
      steps.push_back(step.line);
    }
    return {clause.id,
            ChapterOf(row),
            strings_.Index(clause.level),
            strings_.Index(clause.profile),
            strings_.Index(clause.feature),
            strings_.Index(Join(clause.methods, " ")),
            strings_.Index(clause.since),
            clause.provisional ? 1 : 0,
            strings_.Index(clause.sentence),
            strings_.Index(clause.source),
            strings_.Index(clause.untested),
            clause.place.line,
            steps};
  }

  int PatternOf(const std::vector<Entry> &cell) {
    Json pattern = Json::array();
    for (const Entry &entry : cell) {
      pattern.push_back(strings_.Index(entry.label));
      pattern.push_back(entry.answer == nullptr
                            ? kNotRun
                            : static_cast<int>(entry.answer->verdict));
    }
    auto added = pattern_index_.insert({pattern.dump(), patterns_.size()});
    if (added.second) patterns_.push_back(pattern);
    return static_cast<int>(added.first->second);
  }

  // Null for an answer of which the verdict says all.
  Json EncodeAnswer(const Answer &answer, const Again &again) {
    bool usual = answer.again == again.Of(answer.Id());
    if (answer.verdict == Verdict::kPass && answer.of == 0 && usual) return {};
    Json out = Json::array();
    for (const std::string *text : {&answer.label, &answer.way, &answer.text,
                                    &answer.want, &answer.got, &answer.step}) {
      out.push_back(strings_.Index(*text));
    }
    out.push_back(answer.step_line);
    out.push_back(strings_.Index(answer.reason));
    out.push_back(strings_.Index(answer.contested));
    out.push_back(answer.failed);
    out.push_back(answer.of);
    out.push_back(strings_.Index(usual ? "" : answer.again));
    while (out.back() == 0) out.erase(out.size() - 1);
    return out;
  }

  Json EncodeRun(size_t number) {
    const Run &run = matrix_.runs[number];
    const Standing &standing = matrix_.standings[number];
    const Again again = AgainOf(run);
    Json cells = Json::array(), answers = Json::object();
    Json asked = Json::object();  // sentences other than the spec's
    for (size_t i = 0; i < matrix_.rows.size(); i++) {
      const Row &row = matrix_.rows[i];
      cells.push_back(PatternOf(row.cells[number]));
      for (const Entry &entry : row.cells[number]) {
        if (entry.answer == nullptr) continue;
        Json answer = EncodeAnswer(*entry.answer, again);
        if (!answer.is_null()) answers[std::to_string(i)].push_back(answer);
        if (entry.answer->sentence != row.clause.sentence) {
          asked[std::to_string(i)] = strings_.Index(entry.answer->sentence);
        }
      }
    }
    Json out = EncodeHeader(run, standing);
    out["again"] = {again.before, again.after};
    out["cells"] = cells;
    out["answers"] = answers;
    out["asked"] = asked;
    return out;
  }

  static Json EncodeHeader(const Run &run, const Standing &standing) {
    Json claims = Json::object();
    for (const std::string &profile : run.adapter.profiles) {
      Conformance figures;
      if (run.summary && run.summary->conforms.count(profile) > 0) {
        figures = run.summary->conforms.at(profile);
      }
      claims[profile] = {static_cast<int>(Judge(run, standing, profile)),
                         figures.cases, figures.failed, figures.unsupported,
                         figures.unresolved};
    }
    return {{"name", run.adapter.name},
            {"version", run.adapter.version},
            {"language", run.adapter.language},
            {"methods", run.adapter.methods},
            {"features", run.adapter.features},
            {"profiles", run.adapter.profiles},
            {"date", run.date},
            {"runner", run.runner},
            {"spec", run.spec},
            {"digest", run.digest},
            {"same_spec", standing.same_spec},
            {"host", run.host},
            {"kernel", run.kernel},
            {"libc", run.libc},
            {"options", run.options},
            {"partial", standing.partial},
            {"seconds", run.summary ? run.summary->seconds : -1},
            {"claims", claims}};
  }

  const Matrix &matrix_;
  Strings strings_;
  std::vector<std::string> chapters_;
  Json patterns_ = Json::array();
  std::map<std::string, size_t> pattern_index_;
};

// JSON that may stand in an element of HTML: a '<' would begin a tag, and is
// never outside of a text.
std::string ForHtml(const Json &json) {
  std::string text = json.dump(-1, ' ', false, Json::error_handler_t::replace);
  return ReplaceAll(text, "<", "\\u003c");
}

// What a Content-Security-Policy calls a script or style that it lets through.
std::string Base64Sha256(const std::string &text) {
  std::string hex = Sha256(text), bytes;
  for (size_t i = 0; i < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  }
  return BytesValue(bytes)["b64"];
}

// The template with each mark replaced; what is filled in is not looked at
// again, so that a text that looks like a mark stays what it is.
std::string Fill(std::string_view text,
                 const std::map<std::string, std::string> &parts) {
  std::string out;
  while (!text.empty()) {
    size_t at = text.find("{{");
    size_t end = text.find("}}", at);
    if (at == std::string_view::npos || end == std::string_view::npos) break;
    out += text.substr(0, at);
    out += parts.at(std::string(text.substr(at + 2, end - at - 2)));
    text.remove_prefix(end + 2);
  }
  return out += text;
}

}  // namespace

std::string MakePage(const Matrix &matrix, bool compare) {
  return Fill(kHtml, {{"script_hash", Base64Sha256(kScript)},
                      {"style_hash", Base64Sha256(kStyle)},
                      {"style", kStyle},
                      {"script", kScript},
                      {"data", ForHtml(Encoder(matrix).Encode(compare))}});
}

}  // namespace conformance::report
