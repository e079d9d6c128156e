// Runs a fuzz target without a fuzzer: over each file of its corpus as it is,
// cut at every length, with every byte changed, and with many changes at once.
// The changes are the same in every run, so a failure can be repeated.
// SPDX-License-Identifier: MIT
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <random>
#include <vector>

#include "fuzz/check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

namespace {

using Bytes = std::vector<uint8_t>;

constexpr int kRandomInputs = 20000;
constexpr uint32_t kSeed = 20240501;

long num_inputs;

// The copy has exactly the size given, so that AddressSanitizer sees one byte
// too many.
void Run(const Bytes &input) {
  Bytes exact(input.begin(), input.end());
  LLVMFuzzerTestOneInput(exact.data(), exact.size());
  num_inputs++;
}

void RunCut(const Bytes &seed) {
  for (size_t size = 0; size < seed.size(); size++) {
    Run(Bytes(seed.begin(), seed.begin() + size));
  }
}

void RunChanged(const Bytes &seed) {
  for (size_t at = 0; at < seed.size(); at++) {
    for (int change : {0x01, 0x02, 0x08, 0x80, 0xff}) {
      Bytes input = seed;
      input[at] ^= (uint8_t)change;
      Run(input);
    }
  }
}

uint32_t Interesting(std::mt19937 *random) {
  static const uint32_t numbers[] = {0,          1,          16,
                                     0x7fffffff, 0x80000000, 0xffffffff};
  return numbers[(*random)() % std::size(numbers)];
}

void ChangeOnce(Bytes *input, std::mt19937 *random) {
  if (input->empty()) {
    input->push_back((uint8_t)(*random)());
    return;
  }
  size_t at = (*random)() % input->size();
  switch ((*random)() % 5) {
    case 0: (*input)[at] = (uint8_t)(*random)(); break;
    case 1: input->erase(input->begin() + at); break;
    case 2: input->insert(input->begin() + at, (uint8_t)(*random)()); break;
    case 3: input->resize(at); break;
    default:
      for (uint32_t n = Interesting(random); at < input->size(); n >>= 8) {
        (*input)[at] = (uint8_t)n;
        if (++at % 4 == 0) break;
      }
  }
}

void RunRandom(const std::vector<Bytes> &seeds) {
  std::mt19937 random(kSeed);
  for (int i = 0; i < kRandomInputs; i++) {
    Bytes input = seeds[random() % seeds.size()];
    for (uint32_t n = 1 + random() % 6; n > 0; n--) ChangeOnce(&input, &random);
    Run(input);
  }
}

}  // namespace

int main(int argc, char **argv) {
  std::vector<Bytes> seeds;
  for (int i = 1; i < argc; i++) {
    std::ifstream file(argv[i], std::ios::binary);
    if (!file) {
      fprintf(stderr, "cannot read %s\n", argv[i]);
      return 2;
    }
    seeds.emplace_back(std::istreambuf_iterator<char>(file),
                       std::istreambuf_iterator<char>());
  }
  if (seeds.empty()) {
    fprintf(stderr, "usage: %s FILE...\n", argv[0]);
    return 2;
  }
  for (size_t i = 0; i < seeds.size(); i++) {
    const Bytes &seed = seeds[i];
    is_accepted = false;
    Run(seed);
    if (!is_accepted) fprintf(stderr, "%s is refused\n", argv[i + 1]);
    CHECK(is_accepted);
    RunCut(seed);
    RunChanged(seed);
  }
  RunRandom(seeds);
  printf("%ld inputs from %zu files\n", num_inputs, seeds.size());
  return 0;
}
