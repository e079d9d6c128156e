/* SPDX-License-Identifier: MIT
 *
 * The structure that os.structure() stands for.
 */
#pragma once

struct structure {
  int x;
  double y;
};
