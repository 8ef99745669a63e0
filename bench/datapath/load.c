// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
//
// Makes traffic between two network namespaces and counts what gets through: native, because
// JavaScript's sockets cost more than what is to be compared.
//
//     load rr|crr|stream CPU MILLISECONDS 4|6 ADDRESS PORT 3<client's namespace 4<server's
//
// Prints "COUNT NANOSECONDS MEDIAN": requests (bytes, for stream), the time that they took, and the
// median of a request in nanoseconds (of connecting, for crr; 0 for stream).
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CLIENT_NAMESPACE 3
#define SERVER_NAMESPACE 4

#define BACKLOG 128
#define STREAM_CHUNK_BYTES (128 * 1024)
// Long enough for slow start and for caches.
#define WARM_UP_NS 50000000ULL

// What a request took, in steps of 20 ns; the last one holds all that took longer.
#define HISTOGRAM_STEP_NS 20
#define HISTOGRAM_STEPS 50000

struct end {
	struct sockaddr_storage address;
	socklen_t length;
	int family;
};

struct outcome {
	uint64_t count;
	uint64_t elapsed_ns;
	uint64_t median_ns;
};

static uint32_t histogram[HISTOGRAM_STEPS];
// Written by the server, which alone knows what has arrived; shared with the client.
static volatile uint64_t *received;
static char chunk[STREAM_CHUNK_BYTES];

static uint64_t read_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000ULL + time.tv_nsec;
}

// Both ends on one CPU: else it is waking the other one that is measured.
static void pin_to(int cpu)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(cpu, &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus))
		err(1, "staying on CPU %d", cpu);
}

// What else the machine does is to get little of that CPU. Where sessions share it evenly, priority
// counts within one only, so that this becomes a session of its own.
static void go_first(void)
{
	FILE *group;

	setsid();
	group = fopen("/proc/self/autogroup", "w");
	if (group) {
		fputs("-20", group);
		fclose(group);
	}
	if (setpriority(PRIO_PROCESS, 0, -20))
		err(1, "going before others");
}

static void enter(int namespace)
{
	if (setns(namespace, CLONE_NEWNET))
		err(1, "entering the network namespace of descriptor %d", namespace);
}

static struct end parse_end(const char *family, const char *address, const char *port)
{
	struct end end = { .family = strcmp(family, "6") ? AF_INET : AF_INET6 };
	struct sockaddr_in *ipv4 = (void *)&end.address;
	struct sockaddr_in6 *ipv6 = (void *)&end.address;
	void *bytes = end.family == AF_INET ? (void *)&ipv4->sin_addr : (void *)&ipv6->sin6_addr;

	end.address.ss_family = end.family;
	end.length = end.family == AF_INET ? sizeof(*ipv4) : sizeof(*ipv6);
	// The port stands at the same place in both.
	ipv4->sin_port = htons(atoi(port));
	if (inet_pton(end.family, address, bytes) != 1)
		errx(2, "%s is no address of IPv%s", address, family);
	return end;
}

// Made in the server's namespace, where it stays.
static int open_listener(const struct end *end)
{
	int yes = 1, listener = socket(end->family, SOCK_STREAM, 0);

	if (listener < 0)
		err(1, "opening a socket");
	if (setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) ||
	    bind(listener, (const void *)&end->address, end->length) || listen(listener, BACKLOG))
		err(1, "listening");
	return listener;
}

static void send_at_once(int connection)
{
	int yes = 1;

	if (setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes)))
		err(1, "setting TCP_NODELAY");
}

static int connect_to(const struct end *end)
{
	int connection = socket(end->family, SOCK_STREAM, 0);

	if (connection < 0)
		err(1, "opening a socket");
	if (connect(connection, (const void *)&end->address, end->length))
		err(1, "connecting");
	send_at_once(connection);
	return connection;
}

static void exchange_byte(int connection)
{
	char byte = 'x';

	if (write(connection, &byte, 1) != 1 || read(connection, &byte, 1) != 1)
		err(1, "asking the server");
}

static void answer(int connection)
{
	char byte;

	while (read(connection, &byte, 1) == 1) {
		if (write(connection, &byte, 1) != 1)
			break;
	}
}

static void swallow(int connection)
{
	ssize_t bytes;

	while ((bytes = read(connection, chunk, sizeof(chunk))) > 0)
		*received += bytes;
}

// Until it is killed: one connection after the other.
static void serve(int listener, bool is_stream)
{
	for (;;) {
		int connection = accept(listener, NULL, NULL);

		if (connection < 0)
			err(1, "accepting");
		send_at_once(connection);
		if (is_stream)
			swallow(connection);
		else
			answer(connection);
		close(connection);
	}
}

static void note(uint64_t took_ns)
{
	uint64_t step = took_ns / HISTOGRAM_STEP_NS;

	histogram[step < HISTOGRAM_STEPS ? step : HISTOGRAM_STEPS - 1] += 1;
}

static uint64_t find_median_ns(uint64_t count)
{
	uint64_t seen = 0;

	for (int step = 0; step < HISTOGRAM_STEPS; step++) {
		seen += histogram[step];
		if (seen * 2 >= count)
			return step * HISTOGRAM_STEP_NS;
	}
	return 0;
}

// One request after the other on one connection.
static struct outcome ask(int connection, uint64_t duration_ns)
{
	struct outcome outcome = {};
	uint64_t began = read_ns(), before = began, now = began;

	memset(histogram, 0, sizeof(histogram));
	while (now - began < duration_ns) {
		exchange_byte(connection);
		now = read_ns();
		note(now - before);
		before = now;
		outcome.count += 1;
	}
	outcome.elapsed_ns = now - began;
	outcome.median_ns = find_median_ns(outcome.count);
	return outcome;
}

// A connection for each request. Without the request the server would never get to accept on this
// CPU, and its backlog would overflow.
static struct outcome connect_and_ask(const struct end *end, uint64_t duration_ns)
{
	struct outcome outcome = {};
	uint64_t began = read_ns(), now = began;

	memset(histogram, 0, sizeof(histogram));
	while (now - began < duration_ns) {
		int connection = connect_to(end);

		note(read_ns() - now);
		exchange_byte(connection);
		close(connection);
		now = read_ns();
		outcome.count += 1;
	}
	outcome.elapsed_ns = now - began;
	outcome.median_ns = find_median_ns(outcome.count);
	return outcome;
}

static struct outcome stream(int connection, uint64_t duration_ns)
{
	struct outcome outcome = {};
	uint64_t began = read_ns(), now = began, before = *received;

	while (now - began < duration_ns) {
		if (write(connection, chunk, sizeof(chunk)) <= 0)
			err(1, "sending");
		now = read_ns();
	}
	outcome.count = *received - before;
	outcome.elapsed_ns = now - began;
	return outcome;
}

static struct outcome measure(const char *mode, const struct end *end, uint64_t duration_ns)
{
	int connection;

	if (!strcmp(mode, "crr")) {
		connect_and_ask(end, WARM_UP_NS);
		return connect_and_ask(end, duration_ns);
	}
	connection = connect_to(end);
	if (!strcmp(mode, "rr")) {
		ask(connection, WARM_UP_NS);
		return ask(connection, duration_ns);
	}
	stream(connection, WARM_UP_NS);
	return stream(connection, duration_ns);
}

int main(int count, char **arguments)
{
	struct outcome outcome;
	struct end end;
	int listener;
	pid_t server;

	if (count != 7)
		errx(2, "load rr|crr|stream CPU MILLISECONDS 4|6 ADDRESS PORT");
	pin_to(atoi(arguments[2]));
	go_first();
	end = parse_end(arguments[4], arguments[5], arguments[6]);
	received = mmap(NULL, sizeof(*received), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (received == MAP_FAILED)
		err(1, "sharing memory");
	enter(SERVER_NAMESPACE);
	listener = open_listener(&end);
	enter(CLIENT_NAMESPACE);
	server = fork();
	if (server < 0)
		err(1, "starting the server");
	if (server == 0) {
		// Does not outlive the client, however that ends.
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		serve(listener, !strcmp(arguments[1], "stream"));
	}
	close(listener);
	outcome = measure(arguments[1], &end, atoi(arguments[3]) * 1000000ULL);
	kill(server, SIGKILL);
	printf("%llu %llu %llu\n", (unsigned long long)outcome.count,
	       (unsigned long long)outcome.elapsed_ns, (unsigned long long)outcome.median_ns);
	return 0;
}
