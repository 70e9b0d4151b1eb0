import { Link, Navigate, useLocation, useNavigate, useSearchParams } from "react-router";
import { useAuth } from "@/features/auth/auth";
import { AuthPage, LINK } from "@/features/auth/auth-page";
import { cameFrom, landing, queryOf } from "@/features/auth/landing";
import { SignInForm } from "@/features/auth/sign-in-form";

export function Component() {
  const [params] = useSearchParams();
  const navigate = useNavigate();
  const { user } = useAuth();
  const notice = (useLocation().state as { notice?: string } | null)?.notice;
  const came = cameFrom(params);
  const query = queryOf(came);
  if (user) return <Navigate to={landing(came, user.role)} replace />;
  return (
    <AuthPage
      title="Welcome back"
      footer={
        <>
          <p>
            New here?{" "}
            <Link to={`/signup${query}`} className={LINK}>
              Create an account
            </Link>
          </p>
          <Link to="/password/forgot" className={LINK}>
            Forgot the password?
          </Link>
        </>
      }
    >
      {notice && (
        <p role="status" className="mb-5 rounded-xl bg-success-soft px-4 py-3 text-sm text-success">
          {notice}
        </p>
      )}
      <SignInForm
        onDone={({ role }) => navigate(landing(came, role), { replace: true })}
        onUnconfirmed={(email, password) =>
          navigate(`/signup/confirm${query}`, { state: { email, password } })
        }
      />
    </AuthPage>
  );
}
