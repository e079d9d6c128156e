/* SPDX-License-Identifier: MIT
 *
 * Signals as the wire calls them: "USR1".
 */
#pragma once

/* signal_number returns the number of a signal, or -1 if there is none of
 * that name. */
int signal_number(const char *name);
