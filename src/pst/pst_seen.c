/* A set of node ids: open addressing, never more than half full. */
#include "pst/pst_private.h"

#include <stdlib.h>

#define FIRST_ROOM 1024 /* a power of two */

static size_t slot_of(const pst_seen *seen, uint32_t node)
{
    size_t at = (node * UINT32_C(2654435761)) & (seen->room - 1);
    while (seen->nodes[at] && seen->nodes[at] != node)
        at = (at + 1) & (seen->room - 1);
    return at;
}

static bool grow(pst_seen *seen)
{
    pst_seen bigger = { .room = seen->room ? seen->room * 2 : FIRST_ROOM,
                        .count = seen->count };
    bigger.nodes = calloc(bigger.room, sizeof *bigger.nodes);
    if (!bigger.nodes)
        return false;
    for (size_t i = 0; i < seen->room; i++)
        if (seen->nodes[i])
            bigger.nodes[slot_of(&bigger, seen->nodes[i])] = seen->nodes[i];
    free(seen->nodes);
    *seen = bigger;
    return true;
}

cv_status cv_pst_seen_add(pst_seen *seen, uint32_t node, bool *is_new,
                          cv_error *err)
{
    if (seen->count * 2 >= seen->room && !grow(seen))
        return cv_fail(err, CV_ERR_NOMEM, "no memory for node ids");
    size_t at = slot_of(seen, node);
    *is_new = node == 0 || seen->nodes[at] == 0;
    if (node && *is_new) {
        seen->nodes[at] = node;
        seen->count++;
    }
    return CV_OK;
}

bool cv_pst_seen_has(const pst_seen *seen, uint32_t node)
{
    return node && seen->room && seen->nodes[slot_of(seen, node)] == node;
}

void cv_pst_seen_clear(pst_seen *seen)
{
    free(seen->nodes);
    *seen = (pst_seen){ 0 };
}
