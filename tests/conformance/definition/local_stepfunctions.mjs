// aws-local-stepfunctions: runs every route of a file, with Lambda tasks that go to an endpoint, and writes what each
// did as one line of JSON. It waits for nothing but the time limits of Tasks.
// usage: node local_stepfunctions.mjs MODULE DEFINITION ROUTES LAMBDA_ENDPOINT
import fs from "node:fs";
import { pathToFileURL } from "node:url";

// Node 20 has no Promise.withResolvers; without it each route would end in a TypeError that States.ALL catches.
Promise.withResolvers ??= () => {
  let resolve, reject;
  const promise = new Promise((onResolve, onReject) => {
    [resolve, reject] = [onResolve, onReject];
  });
  return { promise, resolve, reject };
};

const AT_A_TIME = 16;
const [module, definitionFile, routesFile, endpoint] = process.argv.slice(2);
const { StateMachine } = await import(pathToFileURL(module));
const definition = JSON.parse(fs.readFileSync(definitionFile, "utf8"));
const routes = JSON.parse(fs.readFileSync(routesFile, "utf8"));

async function invoke(resource, input) {
  const url = `${endpoint}/2015-03-31/functions/${encodeURIComponent(resource)}/invocations`;
  const answer = await fetch(url, { method: "POST", body: JSON.stringify(input) });
  const body = await answer.text();
  if (!answer.headers.get("x-amz-function-error")) return JSON.parse(body);
  const error = new Error(body);
  error.name = JSON.parse(body).errorType;
  throw error;
}

const of = (type, value) =>
  Object.fromEntries(
    Object.entries(definition.States)
      .filter(([, state]) => state.Type === type)
      .map(([name, state]) => [name, value(state)]),
  );
const overrides = {
  taskResourceLocalHandlers: of("Task", (state) => (input) => invoke(state.Resource, input)),
  waitTimeOverrides: of("Wait", () => 0),
  retryIntervalOverrides: of("Task", () => 0),
};
const ENDS = { ExecutionSucceeded: "SUCCEEDED", ExecutionFailed: "FAILED", ExecutionTimeout: "TIMED_OUT", ExecutionAborted: "ABORTED" };

async function play(route) {
  const execution = new StateMachine(definition).run(route.input, { overrides });
  const failure = execution.result.then(() => null, (error) => error);
  const told = { name: route.name, visited: [], status: null, error: null, cause: null, output: null };
  for await (const event of execution.eventLogs) {
    const type = event.type;
    if (type === "StateEntered" || type.endsWith("StateEntered")) told.visited.push([event.state.name, event.state.type === "Task" ? 1 : 0]);
    if (type.endsWith("StateRetried")) told.visited.at(-1)[1] += 1;
    if (type in ENDS) Object.assign(told, { status: ENDS[type], error: event.Error ?? null, cause: event.Cause ?? null, output: event.output ?? null });
  }
  if (told.status === null) told.cause = String(await failure);
  await failure;
  console.log(JSON.stringify(told));
}

const waiting = [...routes];
const player = async () => {
  for (let route = waiting.shift(); route; route = waiting.shift()) await play(route);
};
await Promise.all(Array.from({ length: AT_A_TIME }, player));
process.exit(0); // the time limits of executions that are over still run
