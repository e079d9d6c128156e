// Starts the adapter: its own session, /dev/null as input, output to files, a
// minimal environment, default signals. Knows nothing of the protocol.
// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "conformance/runner/folder.h"

namespace conformance {

// The command's words, with paths made absolute while the working directory
// is still the caller's: the first word if it holds a slash, the others if
// they name a file.
std::vector<std::string> AbsoluteCommand(const std::string &command);

// What the adapter's environment holds: PATH, HOME and TMPDIR (the folder's),
// LANG, and what the caller's has under BROOD_*, of the sanitizers, and of the
// coverage tools.
std::vector<std::string> AdapterEnvironment(const Folder &folder);

// Starts `command` with the socket's path as last argument; answers the pid.
// Throws Stop (UNRESOLVED) if it cannot be executed.
pid_t Launch(const std::vector<std::string> &command, const Folder &folder);

}  // namespace conformance
