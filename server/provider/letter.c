#include "provider/letter.h"

#include "base/utf8.h"
#include <string.h>

static const char *const kind_names[SRV_LETTER_KINDS] = {
    [SRV_LETTER_ABSENCE] = "absence",
    [SRV_LETTER_ABSENCE_STAFF] = "absence_staff",
    [SRV_LETTER_CODE] = "code",
    [SRV_LETTER_TEST] = "test",
};
static const char *const word_names[SRV_WORDS] = {
    [SRV_WORD_RECIPIENT] = "recipient", [SRV_WORD_STUDENT] = "student", [SRV_WORD_CLASS] = "class",
    [SRV_WORD_DAYS] = "days",           [SRV_WORD_DATES] = "dates",     [SRV_WORD_SCHOOL] = "school",
    [SRV_WORD_CODE] = "code",
};

const struct srv_letter_text srv_letter_texts[SRV_LETTER_KINDS] = {
    [SRV_LETTER_ABSENCE] =
        {"{{student}} was absent",
         "Dear {{recipient}}, {{student}} (class {{class}}) was absent from school on {{days}} "
         "school days in a row: {{dates}}. If this is not right, please tell the school. "
         "{{school}}"},
    [SRV_LETTER_ABSENCE_STAFF] =
        {"{{student}} was absent",
         "{{student}} of class {{class}} was absent on {{days}} school days in a row: "
         "{{dates}}. The parents are told too. {{school}}"},
    [SRV_LETTER_CODE] = {"Your code", "{{code}} is your code for a new password. It is good for 10 minutes. "
                                      "Give it to nobody."},
    [SRV_LETTER_TEST] = {"A test", "This is a test of the messages of {{school}}. Nothing has to be done."},
};

const char *srv_letter_kind_name(enum srv_letter_kind kind)
{
    return kind_names[kind];
}

void srv_letter_set(struct srv_letter *letter, enum srv_word word, const char *text)
{
    char *out = letter->words[word];
    size_t size = strlen(text), length = 0;
    bool space = false;
    for (size_t at = 0; at < size;) {
        size_t step = cm_utf8_decode(text + at, size - at, NULL);
        bool blank = step == 0 || (unsigned char)text[at] <= ' ' || text[at] == 0x7f;
        step = step == 0 ? 1 : step;
        if (!blank) {
            if (length + (space ? 1 : 0) + step >= SRV_WORD_SIZE)
                break;
            if (space)
                out[length++] = ' ';
            memcpy(out + length, text + at, step);
            length += step;
        }
        space = blank && length > 0;
        at += step;
    }
    if (length == 0)
        out[length++] = '-';
    out[length] = '\0';
}

static bool find_word(const char *name, size_t size, enum srv_word *ret_word)
{
    for (int i = 0; i < SRV_WORDS; i++) {
        if (strlen(word_names[i]) == size && memcmp(word_names[i], name, size) == 0) {
            *ret_word = (enum srv_word)i;
            return true;
        }
    }
    return false;
}

bool srv_word_list(const char *text, enum srv_word ret_words[SRV_WORD_LIST_MAX], int *ret_count)
{
    int count = 0;
    text += strspn(text, " ");
    while (*text != '\0') {
        size_t size = strcspn(text, ", ");
        if (count == SRV_WORD_LIST_MAX || !find_word(text, size, &ret_words[count]))
            return false;
        count++;
        text += size;
        text += strspn(text, " ");
        if (*text == ',') {
            text += 1 + strspn(text + 1, " ");
            if (*text == '\0')
                return false;
        } else if (*text != '\0') {
            return false;
        }
    }
    *ret_count = count;
    return true;
}

enum cm_code srv_letter_fill(const struct srv_letter *letter, const char *text, struct cm_buf *out)
{
    enum cm_code code = CM_OK;
    while (*text != '\0' && code == CM_OK) {
        const char *begin = strstr(text, "{{"), *end = begin != NULL ? strstr(begin, "}}") : NULL;
        enum srv_word word;
        if (end == NULL || !find_word(begin + 2, (size_t)(end - begin - 2), &word))
            return cm_buf_append_text(out, text);
        code = cm_buf_append(out, text, (size_t)(begin - text));
        if (code == CM_OK)
            code = cm_buf_append_text(out, letter->words[word]);
        text = end + 2;
    }
    return code;
}
