/** A text in the two languages that people read it in. */
export interface Bilingual {
  readonly en: string;
  readonly zh: string;
}

interface ProblemType {
  readonly status: number;
  readonly title: Bilingual;
  /** May hold `{name}` places that are filled from the error's parameters. */
  readonly detail: Bilingual;
}

const problem = (status: number, title: Bilingual, detail: Bilingual = title): ProblemType => ({
  status,
  title,
  detail,
});

/** Every refusal that a client can meet. The key is public API (`/problems/<key>`) and is never renamed. */
export const PROBLEMS = {
  'validation-failed': problem(
    400,
    { en: 'The input is not valid', zh: '输入无效' },
    { en: 'See "errors" for each field and what is wrong with it.', zh: '各字段的错误见 errors。' },
  ),
  'malformed-request': problem(
    400,
    { en: 'The request cannot be read', zh: '无法解析请求' },
    { en: 'The request cannot be read: {reason}.', zh: '无法解析请求:{reason}。' },
  ),
  'invalid-cursor': problem(
    400,
    { en: 'The cursor does not belong to this list', zh: '游标不属于该列表' },
    {
      en: 'Use the nextCursor of the same list, with the same sort and filters, unchanged.',
      zh: '请原样使用同一列表(相同排序与筛选)返回的 nextCursor。',
    },
  ),
  unauthenticated: problem(
    401,
    { en: 'A valid access token is needed', zh: '需要有效的访问令牌' },
    { en: 'Send "Authorization: Bearer <access token>".', zh: '请发送 "Authorization: Bearer <访问令牌>"。' },
  ),
  'invalid-credentials': problem(
    401,
    { en: 'Name or password is wrong', zh: '用户名或密码错误' },
    {
      en: 'Name or password is wrong, or the account cannot log in now.',
      zh: '用户名或密码错误,或该账号目前无法登录。',
    },
  ),
  'invalid-refresh-token': problem(401, { en: 'The refresh token is not valid', zh: '刷新令牌无效' }),
  forbidden: problem(
    403,
    { en: 'You do not have the right to do this', zh: '没有执行此操作的权限' },
    { en: 'This needs the right "{right}".', zh: '此操作需要权限“{right}”。' },
  ),
  'not-owner': problem(
    403,
    { en: 'The record is not yours', zh: '该记录不属于您' },
    {
      en: 'Your right "{right}" covers your own records only.',
      zh: '您的权限“{right}”只适用于您自己的记录。',
    },
  ),
  'own-roles': problem(403, { en: 'Nobody changes their own roles', zh: '不能修改自己的角色' }),
  'password-change-required': problem(
    403,
    { en: 'The password must be changed first', zh: '请先修改密码' },
    {
      en: 'Change the password with POST /api/v1/auth/password, then log in again.',
      zh: '请先调用 POST /api/v1/auth/password 修改密码,再重新登录。',
    },
  ),
  'not-found': problem(404, { en: 'There is no such record', zh: '记录不存在' }),
  'route-not-found': problem(404, { en: 'There is no such address', zh: '地址不存在' }),
  'method-not-allowed': problem(
    405,
    { en: 'This address does not offer this method', zh: '该地址不支持此方法' },
    { en: 'Offered here: {allow}.', zh: '可用的方法:{allow}。' },
  ),
  'illegal-transition': problem(
    409,
    { en: 'The state does not allow this', zh: '当前状态不允许此操作' },
    {
      en: '"{move}" is not possible while the state is "{state}". Possible now: {allowed}.',
      zh: '状态为“{state}”时不能执行“{move}”。当前可执行:{allowed}。',
    },
  ),
  'read-only': problem(
    409,
    { en: 'The state does not allow this change', zh: '当前状态不允许此修改' },
    {
      en: 'While the state is "{state}" these cannot be changed: {fields}.',
      zh: '状态为“{state}”时不可修改:{fields}。',
    },
  ),
  'open-plan-items': problem(
    409,
    { en: 'The development plan is not finished', zh: '客户开发计划尚未完成' },
    {
      en: 'A win needs at least one plan item, and a result for every one. Items without a result: {items}.',
      zh: '开发成功要求至少一个计划项且每项都有执行结果。尚无结果的计划项:{items}。',
    },
  ),
  'plan-item-executed': problem(409, {
    en: 'A plan item with a result cannot be changed or removed',
    zh: '已有执行结果的计划项不能修改或删除',
  }),
  'request-timeout': problem(
    408,
    { en: 'The body arrived too slowly', zh: '请求体传输过慢' },
    { en: 'The body must arrive within {within} s.', zh: '请求体须在 {within} 秒内传完。' },
  ),
  'already-exists': problem(
    409,
    { en: 'Such a record exists already', zh: '记录已存在' },
    { en: 'There is a record with this {field} already.', zh: '{field} 已被使用。' },
  ),
  'already-merged': problem(
    409,
    { en: 'The customer was merged already', zh: '客户已被合并' },
    { en: 'Customer {code} was merged into {into} already.', zh: '客户 {code} 已合并到 {into}。' },
  ),
  'merge-undone': problem(409, { en: 'The merge was undone already', zh: '该合并已被撤销' }),
  'survivor-merged': problem(
    409,
    { en: 'The survivor was merged itself since then', zh: '合并后的客户此后又被合并' },
    {
      en: 'Customer {code} was merged into another since then; undo that merge ({mergeId}) first.',
      zh: '客户 {code} 此后又被合并到另一客户;请先撤销该合并({mergeId})。',
    },
  ),
  'survivor-deleted': problem(
    409,
    { en: 'The survivor was deleted since then', zh: '合并后的客户此后已被删除' },
    { en: 'Customer {code} was deleted; restore it first.', zh: '客户 {code} 已被删除;请先恢复。' },
  ),
  'last-super-admin': problem(409, {
    en: 'The last active super administrator stays',
    zh: '必须保留最后一名在用的超级管理员',
  }),
  'not-undoable': problem(
    409,
    { en: 'This job cannot be taken back', zh: '该任务无法撤销' },
    { en: 'This job cannot be taken back: {reason}.', zh: '该任务无法撤销:{reason}。' },
  ),
  'in-use': problem(
    409,
    { en: 'The record is in use', zh: '记录正在使用' },
    { en: 'The record is in use, so it cannot be deleted. {instead}.', zh: '记录正在使用,不能删除。{instead}。' },
  ),
  'not-editable': problem(
    409,
    { en: 'The dictionary entry is fixed', zh: '字典项不可修改' },
    {
      en: 'The rules know the values of "{dictionary}": "{code}" cannot be added, changed or removed.',
      zh: '“{dictionary}”的取值由业务规则使用:“{code}”不能新增、修改或删除。',
    },
  ),
  'idempotency-in-progress': problem(409, {
    en: 'A request with this Idempotency-Key is still running',
    zh: '使用该 Idempotency-Key 的请求仍在处理中',
  }),
  'stale-version': problem(
    412,
    { en: 'Somebody saved this record before you', zh: '记录已被他人修改' },
    {
      en: 'The record is at version {current}; read it again and repeat the change.',
      zh: '记录当前版本为 {current};请重新读取后再修改。',
    },
  ),
  'payload-too-large': problem(
    413,
    { en: 'The body is too large', zh: '请求体过大' },
    { en: 'The body may hold at most {limit} bytes.', zh: '请求体最多 {limit} 字节。' },
  ),
  'unsupported-media-type': problem(
    415,
    { en: 'This content type is not supported', zh: '不支持的内容类型' },
    { en: 'Send the body as {accepted}, in no encoding.', zh: '请以 {accepted} 发送请求体,不要压缩。' },
  ),
  'unreadable-file': problem(
    422,
    { en: 'The file cannot be read', zh: '无法读取该文件' },
    { en: 'The file cannot be read: {reason}.', zh: '无法读取该文件:{reason}。' },
  ),
  'unknown-dictionary-code': problem(
    422,
    { en: 'Not an active dictionary entry', zh: '不是有效的字典项' },
    {
      en: '"{code}" is not an active entry of the dictionary "{dictionary}".',
      zh: '“{code}”不是字典“{dictionary}”的有效项。',
    },
  ),
  'invalid-parent': problem(
    422,
    { en: 'The entry cannot stand below this parent', zh: '不能置于该上级之下' },
    { en: '"{code}" cannot stand below "{parent}": {reason}.', zh: '“{code}”不能置于“{parent}”之下:{reason}。' },
  ),
  'person-not-eligible': problem(
    422,
    { en: 'This person cannot take the record', zh: '此人不能接收该记录' },
    {
      en: '{field} must be one active user who holds the right "{right}" for their own records.',
      zh: '{field} 必须是一名在职且对自己的记录拥有权限“{right}”的用户。',
    },
  ),
  'unknown-reference': problem(
    422,
    { en: 'The record that is referred to does not exist', zh: '引用的记录不存在' },
    { en: '{field} names no existing record.', zh: '{field} 引用的记录不存在。' },
  ),
  'merge-into-itself': problem(
    422,
    { en: 'A customer cannot be merged into itself', zh: '客户不能合并到自身' },
    { en: 'intoId must name another customer.', zh: 'intoId 必须是另一客户。' },
  ),
  'future-day': problem(
    422,
    { en: 'The day lies in the future', zh: '日期在将来' },
    {
      en: '{field} can be any day up to {today}, today in the business time zone.',
      zh: '{field} 最晚为 {today}(业务时区的今天)。',
    },
  ),
  'weak-password': problem(
    422,
    { en: 'This password cannot be taken', zh: '不能使用该密码' },
    { en: 'This password cannot be taken: {reason}.', zh: '不能使用该密码:{reason}。' },
  ),
  'idempotency-key-reused': problem(422, {
    en: 'This Idempotency-Key was used with another request',
    zh: '该 Idempotency-Key 已用于其他请求',
  }),
  'too-many-requests': problem(
    429,
    { en: 'Too many requests', zh: '请求过多' },
    { en: 'Try again after {seconds} s.', zh: '请在 {seconds} 秒后重试。' },
  ),
  internal: problem(500, { en: 'Something went wrong on our side', zh: '服务器内部错误' }),
  'service-unavailable': problem(
    503,
    { en: 'This part of the system is not available now', zh: '该部分服务暂不可用' },
    { en: 'Try again after {seconds} s; the other parts work.', zh: '请在 {seconds} 秒后重试;其他部分正常。' },
  ),
} as const satisfies Record<string, ProblemType>;

export type ProblemCode = keyof typeof PROBLEMS;

/** One field of the input that is wrong. `path` is dotted (`lines.0.quantity`). */
export interface FieldError {
  path: string;
  code: string;
  message: string;
}

export type ProblemParameters = Record<string, string | number | readonly string[]>;

/** The only error that rules and use cases throw on purpose. */
export class CrmError extends Error {
  constructor(
    readonly code: ProblemCode,
    readonly parameters: ProblemParameters = {},
    readonly fields: readonly FieldError[] = [],
  ) {
    super(problemText(PROBLEMS[code].detail.en, parameters));
    this.name = 'CrmError';
  }

  get status(): number {
    return PROBLEMS[this.code].status;
  }
}

/** Fills the `{name}` places of a problem's text. */
export function problemText(template: string, parameters: ProblemParameters): string {
  return template.replace(/\{(\w+)\}/g, (place, name: string) => {
    const value = parameters[name];
    if (value === undefined) return place;
    return typeof value === 'object' ? value.join(', ') || '–' : String(value);
  });
}
