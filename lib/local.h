/* SPDX-License-Identifier: MIT
 *
 * How functions that several files of the library use are linked. A program
 * gets all of it as one unit, lib/brood.c: there they are static, so nothing
 * but what brood.h declares has a name that a program's own could meet. The
 * rooms by themselves, for tests and for the check of who includes whom, need
 * them to be global.
 */
#ifndef BROOD_LOCAL_H
#define BROOD_LOCAL_H

#ifdef BROOD_ONE_UNIT
#define LOCAL static __attribute__((unused))
#define LOCAL_EXTERN static
#else
#define LOCAL
#define LOCAL_EXTERN extern
#endif

#endif /* BROOD_LOCAL_H */
