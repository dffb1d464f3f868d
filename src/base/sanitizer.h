/* sanitizer.h - whether the program was built with the address sanitizer,
 * whose shadow memory no bound on address space leaves room for.
 */
#ifndef CV_BASE_SANITIZER_H
#define CV_BASE_SANITIZER_H

#if defined(__SANITIZE_ADDRESS__)
#define CV_HAS_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CV_HAS_ASAN 1
#endif
#endif
#ifndef CV_HAS_ASAN
#define CV_HAS_ASAN 0
#endif

#endif
