// Results as Markdown for the summary page of a CI job: who conforms, what
// fails, and how to run it again. What adapters say stands in it as text and
// never as markup.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "conformance/report/matrix.h"

namespace conformance::report {

std::string MakeMarkdown(const Matrix &matrix);

// `text` as inline code, and as prose in which nothing is markup.
std::string Code(const std::string &text);
std::string Plain(const std::string &text);

// "FAIL (hang)"
std::string TellVerdict(const Answer &answer);
// "want `== 0`, got `1`. Known: sys.exit() without a code counts as failure."
std::string TellWhy(const Answer &answer);

}  // namespace conformance::report
