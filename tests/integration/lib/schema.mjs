/*
 * Answers of the server against its own description, /api/openapi.json: as much of JSON Schema as that uses ($ref, type,
 * properties, required, additionalProperties false, items, enum, oneOf, format, pattern, minimum, maximum).
 */
const formats = {
    date: (text) => /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text)),
    'date-time': (text) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(Z|[+-]\d\d:\d\d)$/.test(text) && !Number.isNaN(Date.parse(text)),
    uuid: (text) => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text),
};

function typeOf(value) {
    if (value === null) return ['null'];
    if (Array.isArray(value)) return ['array'];
    return Number.isInteger(value) ? ['integer', 'number'] : [typeof value];
}

export class Description {
    constructor(document) {
        this.document = document;
    }

    resolve(schema) {
        return schema.$ref ? schema.$ref.slice(2).split('/').reduce((part, name) => part[name], this.document) : schema;
    }

    /** What is wrong with the value, as a list of sentences. */
    faults(given, value, where = '$') {
        const schema = this.resolve(given);
        const wrong = (what) => [`${where}: ${what}`];
        if (schema.oneOf) {
            const tried = schema.oneOf.map((one) => this.faults(one, value, where));
            return tried.filter((faults) => faults.length === 0).length === 1 ? [] : tried.flat();
        }
        if (schema.type && !typeOf(value).some((type) => [schema.type].flat().includes(type === 'boolean' ? 'boolean' : type)))
            return wrong(`${JSON.stringify(value)} is no ${schema.type}`);
        if (schema.enum && !schema.enum.includes(value)) return wrong(`${JSON.stringify(value)} is none of ${schema.enum}`);
        if (typeof value === 'string') {
            if (schema.format && formats[schema.format] && !formats[schema.format](value)) return wrong(`"${value}" is no ${schema.format}`);
            return schema.pattern && !new RegExp(schema.pattern).test(value) ? wrong(`"${value}" is not like ${schema.pattern}`) : [];
        }
        if (typeof value === 'number') return value < schema.minimum || value > schema.maximum ? wrong(`${value} is out of bounds`) : [];
        if (Array.isArray(value)) return schema.items ? value.flatMap((item, i) => this.faults(schema.items, item, `${where}[${i}]`)) : [];
        if (value === null || typeof value !== 'object') return [];
        const missing = (schema.required || []).filter((name) => !(name in value)).map((name) => `${where}.${name} is missing`);
        const parts = Object.entries(value).flatMap(([name, part]) => {
            const of = schema.properties?.[name];
            if (of) return this.faults(of, part, `${where}.${name}`);
            return schema.additionalProperties === false ? [`${where}.${name} is not described`] : [];
        });
        return [...missing, ...parts];
    }

    /** What is described for a path such as "/api/students/7": [pattern, operation], or undefined. */
    operation(method, path) {
        const parts = path.split('?')[0].split('/');
        const fits = (pattern) => pattern.split('/').length === parts.length
            && pattern.split('/').every((part, i) => part === parts[i] || (part.startsWith('{') && parts[i] !== ''));
        const named = (pattern) => pattern.split('{').length;
        const pattern = Object.keys(this.document.paths).filter(fits).sort((a, b) => named(a) - named(b))
            .find((one) => this.document.paths[one][method.toLowerCase()]);
        return pattern && [pattern, this.document.paths[pattern][method.toLowerCase()]];
    }

    /** What is wrong with an answer: {status, headers, body}. */
    check(method, path, answer) {
        const [pattern, operation] = this.operation(method, path) || [];
        if (!operation) return [`${method} ${path} is not described`];
        const response = operation.responses[answer.status];
        if (!response) return [`${method} ${pattern}: the status ${answer.status} is not described`];
        const { content } = this.resolve(response);
        if (!content) return answer.body === '' ? [] : [`${method} ${pattern}: ${answer.status} should have no body`];
        const type = (answer.headers.get('content-type') || '').split(';')[0];
        if (!content[type]) return [`${method} ${pattern}: ${answer.status} as ${type} is not described`];
        const plainError = answer.status >= 400 && answer.body.error && Object.keys(answer.body).length === 1;
        const schema = plainError ? this.document.components.schemas.Error : content[type].schema;
        return schema ? this.faults(schema, answer.body).map((fault) => `${method} ${pattern} → ${answer.status}: ${fault}`) : [];
    }
}
