/* main.c - the program: finds the subcommand and runs it. */
#include <stdio.h>

int main(void)
{
    puts("convoke");
    return 0;
}
