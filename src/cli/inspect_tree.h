/* inspect_tree.h - `convoke inspect` of a container: its folders and items. */
#ifndef CLI_INSPECT_TREE_H
#define CLI_INSPECT_TREE_H

#include "cli/args.h"
#include "convert/convert.h"

/* Rows of the command's option table. */
#define CLI_TREE_OPTIONS \
    { 0, "item", "NAME", "of a container: this item whole, not the tree" }, \
    { \
        0, "recover", NULL, "of a container: deleted and orphaned items, too" \
    }

/* True for a PST, a mailbox or an archive. */
bool cli_is_container(cv_slice bytes, cv_slice file_name);

/* Shows one object on standard output. */
typedef cv_status (*cli_show_fn)(const cli_args *args, const cv_object *obj,
                                 const cv_report *report, cv_error *err);

/* The tree on standard output, with --json a line an item; with --item what
 * `show` makes of it. report: findings about the container.
 * Errors: cv_walk()'s, show()'s; CV_ERR_NOTFOUND for an --item that is not
 * there. */
CV_NODISCARD cv_status cli_show_tree(const cli_args *args, cv_slice bytes,
                                     cv_slice file_name,
                                     const cv_convert_options *options,
                                     cli_show_fn show, cv_report *report,
                                     cv_error *err);

#endif
