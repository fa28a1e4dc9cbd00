/*
 * Memory of mapped files. Pages that were read through a shared mapping count as the process's memory until the system wants
 * them back, although they are its cache; a program that rests gives them back itself. Linux only: it reads /proc/self/maps,
 * and does nothing where that cannot be read.
 */
#ifndef CM_MAPPED_H
#define CM_MAPPED_H

/* Unmaps the pages of every shared mapping of the file; the next reader gets them from the system's cache. A hint: it cannot
 * fail and changes no content. The caller sees to it that no mapping goes away meanwhile. */
void cm_mapped_forget(int fd);

#endif
