// Guards the run against itself: the work is done in a child, which must hand
// over a last byte when it is really through. A worker that ends without it,
// with whatever exit code, has failed; what it leaves behind is killed.
// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>

namespace conformance {

// Forks; the child answers the exit code of the run. Answers that code, or 1
// after a message on standard error if the child never got to answer.
int Supervise(const std::function<int()> &work);

// False, with a word on standard error, if not all could be printed.
bool FlushOutput();

}  // namespace conformance
