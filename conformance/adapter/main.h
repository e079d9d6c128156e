/* SPDX-License-Identifier: MIT
 *
 * What only the main program has.
 */
#ifndef BROOD_ADAPTER_MAIN_H
#define BROOD_ADAPTER_MAIN_H

/* The program's own arguments; NULL in a fresh child, which has no main. */
extern char **main_argv;

#endif /* BROOD_ADAPTER_MAIN_H */
