/* The version of the interface; the build takes the soname from here. */
#ifndef HPALLOC_VERSION_H
#define HPALLOC_VERSION_H

#define HP_API_VERSION_MAJOR 0
#define HP_API_VERSION_MINOR 1
#define HP_API_VERSION_PATCH 0

#endif
