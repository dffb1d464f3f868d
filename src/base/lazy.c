#include "base/lazy.h"

#include <dlfcn.h>
#include <string.h>

bool cv_lazy_open(const char *library, const char *const *names, size_t count,
                  void **table)
{
    memset(table, 0, count * sizeof(*table));
    void *handle = dlopen(library, RTLD_LAZY | RTLD_LOCAL);
    if (!handle)
        return false;
    for (size_t i = 0; i < count; i++) {
        table[i] = dlsym(handle, names[i]);
        if (!table[i]) {
            memset(table, 0, count * sizeof(*table));
            dlclose(handle);
            return false;
        }
    }
    return true;
}
