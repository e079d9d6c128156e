/* SPDX-License-Identifier: MIT
 *
 * The structure that os.structure() stands for.
 */
#ifndef BROOD_ADAPTER_STRUCTURE_H
#define BROOD_ADAPTER_STRUCTURE_H

struct structure {
  int x;
  double y;
};

#endif /* BROOD_ADAPTER_STRUCTURE_H */
