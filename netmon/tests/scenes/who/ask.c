// A lookup of each name by the C library that this is linked with, as programs do it.
#include <netdb.h>
#include <stddef.h>
int main(int count, char **names) {
	struct addrinfo hints = { .ai_family = AF_INET, .ai_socktype = SOCK_DGRAM }, *found;
	for (int each = 1; each < count; each++)
		if (getaddrinfo(names[each], NULL, &hints, &found) == 0)
			freeaddrinfo(found);
	return 0;
}
