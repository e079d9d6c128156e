/* SPDX-License-Identifier: MIT
 *
 * The one integer that a process has for itself: os.cell().
 */
#pragma once

#include <stdint.h>

extern int64_t cell_value;
