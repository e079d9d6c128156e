// SPDX-License-Identifier: MIT
//
// See options.h.
#include "bench/options.h"

#include <cstdlib>
#include <cstring>

namespace bench {
namespace {

bool ParseNumbers(const char *text, std::vector<int64_t> *out_numbers) {
  out_numbers->clear();
  for (char *end; *text != '\0'; text = *end == ',' ? end + 1 : end) {
    int64_t number = strtoll(text, &end, 10);
    if (end == text || number < 0 || number > 1 << 20) return false;
    out_numbers->push_back(number);
  }
  return !out_numbers->empty();
}

bool TakeOne(const std::string &argument, const std::vector<Option> &options) {
  for (const Option &option : options) {
    std::string prefix = std::string("--") + option.name + "=";
    if (argument.compare(0, prefix.size(), prefix) == 0)
      return option.take(argument.substr(prefix.size()));
  }
  return false;
}

}  // namespace

std::function<bool(const std::string &)> Count(int64_t *out_count) {
  return [=](const std::string &text) {
    std::vector<int64_t> numbers;
    if (!ParseNumbers(text.c_str(), &numbers) || numbers.size() != 1)
      return false;
    *out_count = numbers[0];
    return numbers[0] > 0;
  };
}

std::function<bool(const std::string &)> Numbers(
    std::vector<int64_t> *out_numbers) {
  return [=](const std::string &text) {
    return ParseNumbers(text.c_str(), out_numbers);
  };
}

std::function<bool(const std::string &)> File(FILE **out_file) {
  return [=](const std::string &path) {
    *out_file = fopen(path.c_str(), "we");
    if (*out_file == nullptr) return false;
    // A crash leaves the lines that were measured before it.
    return setvbuf(*out_file, nullptr, _IOLBF, 0) == 0;
  };
}

bool Parse(int argc, char **argv, CommonOptions *out_common,
           const std::vector<Option> &own) {
  std::vector<Option> options = {
      {"samples", "=N       of each kind in a turn",
       Count(&out_common->samples)},
      {"turns", "=N         that subjects take", Count(&out_common->turns)},
      {"samples_file", "=F  for every sample",
       File(&out_common->samples_file)}};
  options.insert(options.end(), own.begin(), own.end());
  for (int i = 1; i < argc; i++) {
    if (TakeOne(argv[i], options)) continue;
    fprintf(stderr,
            "%s: cannot take %s; besides Google Benchmark's options there "
            "are\n",
            argv[0], argv[i]);
    for (const Option &option : options)
      fprintf(stderr, "  --%s%s\n", option.name, option.help);
    return false;
  }
  return true;
}

}  // namespace bench
