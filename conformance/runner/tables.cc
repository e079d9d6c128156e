// The operations that the documents define; see tables.h.
// SPDX-License-Identifier: MIT
#include "conformance/runner/tables.h"

#include "conformance/runner/text.h"

namespace conformance {

namespace {

std::string FirstCell(const std::string &line) {
  return Trim(SplitAt(line, '|')[1]);
}

// "`os` call" -> "os"; "" for a table of another kind.
std::string KindOfTable(const std::string &cell) {
  std::string plain = ReplaceAll(cell, "`", "");
  if (EndsWith(plain, " call")) plain.resize(plain.size() - 5);
  if (EndsWith(plain, " name")) plain.resize(plain.size() - 5);
  bool known =
      Contains(ObjectTables(), plain) ||
      Contains({"os", "function", "mp", "kernel", "file", "output"}, plain);
  return known ? plain : "";
}

// "`getpid()` `getppid()`" -> getpid, getppid.
void AddNames(const std::string &cell, const Place &place,
              std::map<std::string, Place> *names) {
  std::vector<std::string> parts = SplitAt(cell, '`');
  for (size_t i = 1; i < parts.size(); i += 2) {
    names->emplace(parts[i].substr(0, parts[i].find('(')), place);
  }
}

}  // namespace

const std::vector<std::string> &ObjectTables() {
  static const std::vector<std::string> tables = {
      "Process", "Lock",        "Semaphore", "Condition",    "Event",
      "Barrier", "Value",       "Array",     "Connection",   "Queue",
      "Pool",    "SimpleQueue", "Iterator",  "AsyncResult",  "Manager",
      "Dict",    "List",        "Namespace", "ManagedValue", "ManagedArray",
      "Proxy"};
  return tables;
}

void ReadTables(const std::string &file, const std::string &text,
                Tables *tables) {
  std::string kind;
  bool in_table = false;
  int number = 0;
  for (const std::string &line : SplitLines(text)) {
    number++;
    if (!StartsWith(line, "|")) {
      in_table = false;
    } else if (!in_table) {
      in_table = true;
      kind = KindOfTable(FirstCell(line));
    } else if (!kind.empty() && !StartsWith(line, "|--")) {
      AddNames(FirstCell(line), {file, number}, &(*tables)[kind]);
    }
  }
}

}  // namespace conformance
