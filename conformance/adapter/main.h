/* SPDX-License-Identifier: MIT
 *
 * What only the main program has.
 */
#pragma once

/* The program's own arguments; NULL in a fresh child, which has no main. */
extern char **main_argv;
