/* A program whose time we make: it has a process of its own here, since a process has one clock. */
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/err.h"
#include "common/io_clock.h"
#include "common/io_loop.h"
#include "common/io_pace.h"

enum { LIMIT_MS = 10000, TICK_MS = 1000 };

static char path[64];
static int listener = -1, page_fd = -1, pacer = -1;
static struct io_pace_page *page;
static pid_t program;
static uint64_t number;

/* ---- the program ---- */

static struct io_loop *loop;
static struct io_timer *timer, *at_once;
static int inbox[2], outbox[2], thread_end[2];

static void say(char what)
{
    char word[32];
    int len = snprintf(word, sizeof word, "%c%lld ", what, (long long)io_now().boot_ms);
    if (write(outbox[1], word, (size_t)len) < 0)
        _exit(1);
}

static void on_tick(void *user)
{
    (void)user;
    say('t');
    io_clock_arm(timer, io_now().boot_ms + TICK_MS);
}

static void on_at_once(void *user)
{
    (void)user;
    say('a');
}

/* A thread, as it were: another process that answers after a while. */
static void begin_work(void)
{
    io_loop_hold(loop);
    if (fork() == 0) {
        poll(NULL, 0, 50);
        _exit(write(thread_end[1], "x", 1) == 1 ? 0 : 1);
    }
}

static void on_work_done(void *user, int fd, int what)
{
    char byte;
    (void)user, (void)what;
    if (read(fd, &byte, 1) == 1)
        io_loop_release(loop);
    say('w');
}

static void on_inbox(void *user, int fd, int what)
{
    char byte;
    (void)user, (void)what;
    if (read(fd, &byte, 1) != 1)
        return;
    say(byte);
    if (byte == 'o')
        io_timer_set(at_once, 0);
    else if (byte == 'b')
        begin_work();
    else if (byte == 'q')
        io_loop_stop(loop);
}

static void run_program(void)
{
    if (io_clock_follow(path) < 0 || (loop = io_loop_new()) == NULL)
        _exit(2);
    timer = io_timer_new(loop, on_tick, NULL);
    at_once = io_timer_new(loop, on_at_once, NULL);
    if (io_watch_new(loop, inbox[0], IO_READ, on_inbox, NULL) == NULL ||
        io_watch_new(loop, thread_end[0], IO_READ, on_work_done, NULL) == NULL)
        _exit(2);
    io_clock_arm(timer, TICK_MS);
    _exit(io_loop_run(loop) < 0 ? 1 : 0);
}

/* ---- the pacer ---- */

static void listen_here(void)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    snprintf(path, sizeof path, "/tmp/test_io_pace.%d", (int)getpid());
    snprintf(addr.sun_path, sizeof addr.sun_path, "%s", path);
    listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    unlink(path);
    assert_int_equal(bind(listener, (struct sockaddr *)&addr, sizeof addr), 0);
    assert_int_equal(listen(listener, 1), 0);
}

static void hand_over_page(void)
{
    char byte = 0, room[CMSG_SPACE(sizeof(int))] = {0};
    struct iovec data = {&byte, 1};
    struct msghdr msg = {
        .msg_iov = &data, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof room};
    struct cmsghdr *head = CMSG_FIRSTHDR(&msg);
    *head = (struct cmsghdr){CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS};
    memcpy(CMSG_DATA(head), &page_fd, sizeof page_fd);
    assert_true(sendmsg(pacer, &msg, 0) > 0);
}

static int start(void **state)
{
    (void)state;
    listen_here();
    page_fd = memfd_create("time", MFD_CLOEXEC);
    assert_int_equal(ftruncate(page_fd, sizeof *page), 0);
    page = mmap(NULL, sizeof *page, PROT_READ | PROT_WRITE, MAP_SHARED, page_fd, 0);
    page->boot_ms = 0;
    page->wall_ms = 1767225600000;
    assert_int_equal(pipe(inbox) + pipe(outbox) + pipe(thread_end), 0);
    program = fork();
    if (program == 0)
        run_program();
    pacer = accept(listener, NULL, NULL);
    hand_over_page();
    number = 0;
    return 0;
}

static int stop(void **state)
{
    (void)state;
    kill(program, SIGKILL);
    waitpid(program, NULL, 0);
    const int fds[] = {listener,  page_fd,   pacer,         inbox[0],     inbox[1],
                       outbox[0], outbox[1], thread_end[0], thread_end[1]};
    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++)
        close(fds[i]);
    munmap(page, sizeof *page);
    return unlink(path);
}

/* When the program's next timer is due, as it says when it is quiet. */
static time_ms await_quiet(void)
{
    struct io_pace_quiet quiet;
    struct pollfd waiting = {.fd = pacer, .events = POLLIN};
    assert_int_equal(poll(&waiting, 1, LIMIT_MS), 1);
    assert_int_equal(recv(pacer, &quiet, sizeof quiet, 0), sizeof quiet);
    assert_int_equal(quiet.number, number);
    return quiet.deadline_ms;
}

static void send_kick(void)
{
    struct io_pace_kick message = {++number};
    assert_int_equal(send(pacer, &message, sizeof message, 0), sizeof message);
}

static time_ms kick(void)
{
    send_kick();
    return await_quiet();
}

/* What the program has done since. */
static void assert_done(const char *words)
{
    char done[256];
    struct pollfd waiting = {.fd = outbox[0], .events = POLLIN};
    ssize_t len = poll(&waiting, 1, 0) == 1 ? read(outbox[0], done, sizeof done - 1) : 0;
    done[len] = '\0';
    assert_string_equal(done, words);
}

static void tell(char what)
{
    assert_int_equal(write(inbox[1], &what, 1), 1);
}

/* ---- tests ---- */

static void test_its_start_is_answered(void **state)
{
    (void)state;
    assert_int_equal(await_quiet(), TICK_MS);
    assert_done("");
}

static void test_timers_fire_when_time_is_made(void **state)
{
    (void)state;
    await_quiet();
    page->boot_ms = TICK_MS - 1;
    assert_int_equal(kick(), TICK_MS);
    assert_done("");
    page->boot_ms = TICK_MS;
    assert_int_equal(kick(), 2 * TICK_MS);
    assert_done("t1000 ");
    /* Hours pass at once; what is late comes once. */
    page->boot_ms = 3600000;
    assert_int_equal(kick(), 3600000 + TICK_MS);
    assert_done("t3600000 ");
}

static void test_what_waits_is_done_before_it_is_quiet(void **state)
{
    (void)state;
    await_quiet();
    page->boot_ms = 5;
    /* It sees them all at one moment, and reads one at a time. */
    kill(program, SIGSTOP);
    for (const char *what = "xyzuv"; *what != '\0'; what++)
        tell(*what);
    send_kick();
    kill(program, SIGCONT);
    await_quiet();
    assert_done("x5 y5 z5 u5 v5 ");
}

static void test_a_timer_of_the_machine_that_is_due_belongs_to_it(void **state)
{
    (void)state;
    await_quiet();
    tell('o');
    assert_int_equal(kick(), TICK_MS);
    assert_done("o0 a0 ");
}

static void test_work_beside_the_loop_is_waited_for(void **state)
{
    (void)state;
    await_quiet();
    tell('b');
    kick();
    assert_done("b0 w0 ");
}

static void test_the_end_is_seen(void **state)
{
    char byte;
    int status;
    (void)state;
    await_quiet();
    tell('q');
    assert_int_equal(waitpid(program, &status, 0), program);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_int_equal(recv(pacer, &byte, 1, 0), 0);
}

static void test_nobody_there(void **state)
{
    (void)state;
    assert_int_equal(io_pace_connect("/tmp/there/is/no/pacer"), ERR_IO);
    assert_false(io_pace_is_on());
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_its_start_is_answered),
        TEST(test_timers_fire_when_time_is_made),
        TEST(test_what_waits_is_done_before_it_is_quiet),
        TEST(test_a_timer_of_the_machine_that_is_due_belongs_to_it),
        TEST(test_work_beside_the_loop_is_waited_for),
        TEST(test_the_end_is_seen),
        cmocka_unit_test(test_nobody_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
