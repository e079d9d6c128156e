// Chance, that can be repeated: BROOD_TEST_SEED takes a seed that was printed,
// BROOD_TEST_ROUNDS makes a test longer or shorter.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

// Random returns a number below limit. The first call prints the seed.
uint32_t Random(uint32_t limit);

// SleepAtRandom sleeps for less than limit_us microseconds, often for much
// less. It orders nothing: it picks an instant.
void SleepAtRandom(uint32_t limit_us);

// Rounds returns how often a test repeats itself; BROOD_TEST_ROUNDS says
// otherwise.
int Rounds(int standard);
