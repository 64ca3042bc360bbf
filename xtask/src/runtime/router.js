// Hands a request to the function that owns its path, as routes do in production.
const routes = ROUTES;

export default {
  fetch(request, env) {
    const path = new URL(request.url).pathname;
    const route = routes.find(([prefix]) => path === prefix || path.startsWith(prefix + "/"));
    if (route) return env[route[1]].fetch(request);
    const problem = { type: "about:blank", title: "Not Found", status: 404, code: "not-found" };
    return new Response(JSON.stringify(problem), { status: 404, headers: { "content-type": "application/problem+json" } });
  },
};
