/* SPDX-License-Identifier: MIT
 *
 * The one integer that a process has for itself: os.cell().
 */
#ifndef BROOD_ADAPTER_CELL_H
#define BROOD_ADAPTER_CELL_H

#include <stdint.h>

extern int64_t cell_value;

#endif /* BROOD_ADAPTER_CELL_H */
