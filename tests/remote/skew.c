/*
 * Runs a program, and all that it starts, with another wall clock: `skew SECONDS PROGRAM [ARGUMENT]...`.
 *
 * Nothing in gate reads a clock from a file or a variable, and a static program cannot be given another library; so the
 * kernel is asked to stop it whenever it reads the wall clock, and the answer is given here. Programs read that clock
 * without a system call, by code that the kernel maps into each of them (vdso(7)): that code is made to call first.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#if !defined(__x86_64__)
#error "the code that is put into the vDSO is that of x86-64"
#endif

static void fail(const char *what)
{
    perror(what);
    exit(99);
}

/* mov $__NR_clock_gettime, %eax; syscall; ret */
static const unsigned char call[8] = { 0xb8, 0xe4, 0, 0, 0, 0x0f, 0x05, 0xc3 };

/* After exec: the clock is read by a system call. */
static void patch(pid_t pid)
{
    char name[64], line[512];
    unsigned long start = 0, end = 0;
    snprintf(name, sizeof name, "/proc/%d/maps", pid);
    FILE *maps = fopen(name, "r");
    if (!maps)
        fail("maps");
    while (!start && fgets(line, sizeof line, maps))
        if (strstr(line, "[vdso]"))
            sscanf(line, "%lx-%lx", &start, &end);
    fclose(maps);
    if (!start)
        return;
    unsigned char *image = malloc(end - start);
    struct iovec here = { image, end - start }, there = { (void *)start, end - start };
    if (process_vm_readv(pid, &here, 1, &there, 1, 0) != (ssize_t)(end - start))
        fail("the vDSO");
    Elf64_Ehdr *head = (Elf64_Ehdr *)image;
    Elf64_Shdr *sections = (Elf64_Shdr *)(image + head->e_shoff);
    for (int i = 0; i < head->e_shnum; i++) {
        if (sections[i].sh_type != SHT_DYNSYM)
            continue;
        Elf64_Sym *symbols = (Elf64_Sym *)(image + sections[i].sh_offset);
        char *names = (char *)image + sections[sections[i].sh_link].sh_offset;
        for (size_t n = 0; n < sections[i].sh_size / sizeof *symbols; n++) {
            long word;
            if (strcmp(names + symbols[n].st_name, "__vdso_clock_gettime"))
                continue;
            memcpy(&word, call, sizeof word);
            if (ptrace(PTRACE_POKEDATA, pid, start + symbols[n].st_value, word))
                fail("the vDSO");
        }
    }
    free(image);
}

/* Instead of the system call: the kernel's time and the difference. */
static void answer(pid_t pid, long difference)
{
    struct user_regs_struct registers;
    struct timespec time;
    if (ptrace(PTRACE_GETREGS, pid, 0, &registers))
        return;
    clock_gettime(CLOCK_REALTIME, &time);
    time.tv_sec += difference;
    struct iovec here = { &time, sizeof time }, there = { (void *)registers.rsi, sizeof time };
    registers.rax = process_vm_writev(pid, &here, 1, &there, 1, 0) == sizeof time ? 0 : -EFAULT;
    registers.orig_rax = -1;
    ptrace(PTRACE_SETREGS, pid, 0, &registers);
}

static void begin(char **words, int ready)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clock_gettime, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, CLOCK_REALTIME, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = { sizeof code / sizeof *code, code };
    char byte;
    if (read(ready, &byte, 1) != 1)
        exit(99);
    close(ready);
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
        fail("seccomp");
    execvp(words[0], words);
    fail(words[0]);
}

int main(int count, char **words)
{
    int ready[2], status;
    if (count < 3 || pipe(ready))
        return 99;
    long difference = atol(words[1]);
    pid_t child = fork(), pid;
    if (child < 0)
        fail("fork");
    if (child == 0) {
        close(ready[1]);
        begin(words + 2, ready[0]);
    }
    long options = PTRACE_O_TRACESECCOMP | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
                   PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;
    close(ready[0]);
    if (ptrace(PTRACE_SEIZE, child, 0, options))
        fail("ptrace");
    if (write(ready[1], "", 1) != 1)
        fail("pipe");
    close(ready[1]);
    while ((pid = waitpid(-1, &status, __WALL)) > 0) {
        if (!WIFSTOPPED(status)) {
            if (pid != child)
                continue;
            if (WIFSIGNALED(status)) {
                signal(WTERMSIG(status), SIG_DFL);
                raise(WTERMSIG(status));
            }
            return WEXITSTATUS(status);
        }
        int sent = WSTOPSIG(status), event = status >> 16;
        if (event == PTRACE_EVENT_SECCOMP)
            answer(pid, difference);
        else if (event == PTRACE_EVENT_EXEC)
            patch(pid);
        else if (event == PTRACE_EVENT_STOP && sent != SIGTRAP) {
            /* It was stopped, and stays so until somebody lets it go on. */
            ptrace(PTRACE_LISTEN, pid, 0, 0);
            continue;
        }
        ptrace(PTRACE_CONT, pid, 0, event ? 0 : sent);
    }
    return 99;
}
