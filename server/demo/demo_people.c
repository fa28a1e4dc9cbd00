#include "demo/demo_private.h"

#include <stdio.h>
#include <string.h>

static const char *const given_names[] = {
    "Aarav",  "Aditi",   "Aditya", "Amit",   "Ananya", "Anjali",  "Arjun",   "Asha",  "Ayesha", "Bhavna",
    "Chetan", "Deepa",   "Dev",    "Divya",  "Esha",   "Farhan",  "Gauri",   "Gopal", "Harsh",  "Imran",
    "Isha",   "Jaya",    "Kabir",  "Kavya",  "Kiran",  "Lakshmi", "Leela",   "Manoj", "Maya",   "Meena",
    "Mohan",  "Nandini", "Neha",   "Nikhil", "Nisha",  "Omkar",   "Pallavi", "Pooja", "Pranav", "Priya",
    "Rahul",  "Rajesh",  "Rani",   "Ravi",   "Rekha",  "Ritu",    "Rohan",   "Sana",  "Sanjay", "Sarita",
    "Shreya", "Simran",  "Sita",   "Sneha",  "Sunil",  "Tanvi",   "Uma",     "Varun", "Vidya",  "Zoya",
};
static const char *const family_names[] = {
    "Agarwal", "Banerjee", "Bhat",   "Chauhan", "Chowdhury", "Das",    "Desai",    "Fernandes",
    "Gupta",   "Iyer",     "Jain",   "Joshi",   "Kapoor",    "Khan",   "Kulkarni", "Kumar",
    "Malik",   "Mehta",    "Menon",  "Mishra",  "Mukherjee", "Naik",   "Nair",     "Pandey",
    "Patel",   "Pillai",   "Prasad", "Rao",     "Reddy",     "Saxena", "Sen",      "Shah",
    "Sharma",  "Siddiqui", "Singh",  "Thomas",  "Tiwari",    "Varma",  "Verma",    "Yadav",
};
static const char *const coordinators[] = {"Meera Nair", "Suresh Rao", "Fatima Khan", "John Thomas",
                                           "Lata Joshi", "Vikram Sen", "Rina Das"};
#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

/* splitmix64 (Steele, Lea, Flood 2014) */
uint64_t demo_random(struct demo_random *random)
{
    uint64_t z = random->state += 0x9e3779b97f4a7c15U;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
}

int demo_below(struct demo_random *random, int count)
{
    return (int)(demo_random(random) % (uint64_t)count);
}

bool demo_chance(struct demo_random *random, int of_thousand)
{
    return demo_below(random, 1000) < of_thousand;
}

void demo_name(struct demo_random *random, char *name, size_t size)
{
    const char *given = given_names[demo_below(random, COUNT(given_names))];
    snprintf(name, size, "%s %s", given, family_names[demo_below(random, COUNT(family_names))]);
}

void demo_class(int index, struct cm_class *ret_class)
{
    *ret_class = (struct cm_class){
        .start_minute = 8 * 60 + 45, .late_after_min = 10, .close_after_min = 60, .weekdays = 0x3f};
    if (index < 28)
        snprintf(ret_class->id, sizeof ret_class->id, "%d-%c", 6 + index / 4, 'A' + index % 4);
    else
        snprintf(ret_class->id, sizeof ret_class->id, "X%d-%c", index / 4, 'A' + index % 4);
    snprintf(ret_class->coordinator, sizeof ret_class->coordinator, "%s",
             coordinators[index % COUNT(coordinators)]);
}
