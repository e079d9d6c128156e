/* SPDX-License-Identifier: MIT
 *
 * What a forkserver runs before its first child: `brood_preload` counts and
 * prints, `brood_failing` fails. Both are registered by these names.
 */
#pragma once

/* preload_count returns how often brood_preload ran in this process or in the
 * server that it was forked from. */
int preload_count(void);
