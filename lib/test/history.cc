// See history.h.
// SPDX-License-Identifier: MIT
#include "lib/test/history.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>

void Log::Append(int worker, Did did, uint32_t number) {
  uint32_t at = count_.fetch_add(1);
  if (at >= kCapacity) abort();
  events_[at] = (uint64_t)worker << 48 | (uint64_t)did << 32 | number;
}

History Log::Read() const {
  History history;
  for (uint32_t i = 0; i < count_; i++) {
    uint64_t event = events_[i];
    history.push_back({(uint16_t)(event >> 48), (Did)(uint16_t)(event >> 32),
                       (uint32_t)event});
  }
  return history;
}

static std::string At(size_t index, const Event &event, const char *what) {
  return "event " + std::to_string(index) + ", worker " +
         std::to_string(event.worker) + ": " + what;
}

std::string JudgeHolders(const History &history, uint32_t most) {
  std::set<int> inside;
  for (size_t i = 0; i < history.size(); i++) {
    const Event &event = history[i];
    if (event.did == Did::kEnter) {
      if (!inside.insert(event.worker).second) {
        return At(i, event, "entered twice");
      }
      if (inside.size() > most) return At(i, event, "too many are inside");
    } else if (event.did == Did::kLeave) {
      if (inside.erase(event.worker) == 0) {
        return At(i, event, "left without having been inside");
      }
    }
  }
  return inside.empty() ? "" : "somebody never left";
}

std::string JudgeWakeUps(const History &history) {
  std::set<int> waiting;
  size_t owed = 0;  // notified, but not back yet
  for (size_t i = 0; i < history.size(); i++) {
    const Event &event = history[i];
    if (event.did == Did::kWait) {
      if (!waiting.insert(event.worker).second) {
        return At(i, event, "waits twice");
      }
    } else if (event.did == Did::kNotify) {
      owed = std::min(waiting.size(), owed + event.number);
    } else if (event.did == Did::kWoken) {
      if (waiting.erase(event.worker) == 0) {
        return At(i, event, "was woken without having waited");
      }
      if (owed == 0) return At(i, event, "was woken by nobody");
      owed--;
    }
  }
  if (owed > 0) return std::to_string(owed) + " wake-ups were lost";
  return waiting.empty() ? "" : "somebody waits for ever";
}

std::string JudgeRounds(const History &history, uint32_t parties) {
  std::map<uint32_t, uint32_t> arrived, passed;  // how many, by round
  std::map<int, uint32_t> rounds;                // passed, by worker
  std::set<int> inside;
  for (size_t i = 0; i < history.size(); i++) {
    const Event &event = history[i];
    if (event.did == Did::kArrive) {
      if (!inside.insert(event.worker).second) {
        return At(i, event, "is in two rounds");
      }
      if (event.number != rounds[event.worker]) {
        return At(i, event, "left a round out");
      }
      arrived[event.number]++;
    } else if (event.did == Did::kPass) {
      if (inside.erase(event.worker) == 0 ||
          event.number != rounds[event.worker]) {
        return At(i, event, "passed a round that it was not in");
      }
      if (arrived[event.number] < parties) {
        return At(i, event, "passed before all had arrived");
      }
      if (++passed[event.number] > parties) {
        return At(i, event, "is one party too many");
      }
      rounds[event.worker]++;
    }
  }
  return inside.empty() ? "" : "somebody never passed";
}
